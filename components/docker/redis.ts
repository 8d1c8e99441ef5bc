/** Redis 7, append only, with a password. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../shared/generated-password.ts";
import type { Owner } from "../shared/labels.ts";
import { DATA_HEALTH, REPLACED_BY, type Watched, containerArgs } from "./container.ts";
import { secretPath } from "../shared/secret-path.ts";
import { SecretFiles } from "./secret-files.ts";
import { dataVolume } from "./volume.ts";

export interface RedisArgs {
  owner: Owner;
  /** Image; anything that behaves as redis:7-alpine does. */
  image: string;
  /** CPU limit, in CPUs. */
  cpu: number;
  /** Memory limit, such as `512MiB`. */
  memory: string;
  /** Docker network; the container answers there as `redis`. */
  network: pulumi.Input<string>;
  /** Whether volume and password refuse to be deleted. */
  protect: boolean;
}

export class Redis extends pulumi.ComponentResource {
  static readonly host = "redis";
  static readonly port = 6379;

  /** Connection URL with the password: a secret. */
  readonly url: pulumi.Output<string>;
  /** Docker name of the volume that holds the data. */
  readonly data: pulumi.Output<string>;
  /** What runs. */
  readonly watched: Watched[];

  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Redis", name, {}, opts);
    const keep = { parent: this, protect: args.protect };

    const password = generatedPassword(`${name}-password`, keep);
    const data = dataVolume(args.owner, `${name}-data`, keep);
    // A configuration file, since a password among the arguments would be seen by `docker inspect` and `ps`.
    const configuration = pulumi.interpolate`appendonly yes\ndir /data\nrequirepass ${password}\n`;
    const secrets = new SecretFiles(
      `${name}-secrets`,
      { owner: args.owner, image: args.image, secrets: { REDIS_CONF: configuration } },
      { parent: this },
    );

    const container = new docker.Container(
      name,
      {
        ...containerArgs(args.owner, name, {
          cpu: args.cpu,
          memory: args.memory,
          user: "redis",
          stopSeconds: 30,
        }),
        image: args.image,
        command: ["redis-server", secretPath("REDIS_CONF")],
        volumes: [secrets.mount, { volumeName: data.name, containerPath: "/data" }],
        networksAdvanced: [{ name: args.network, aliases: [Redis.host] }],
        // NOAUTH is an answer too: the server is up. The password stays out of the health check's arguments.
        healthcheck: {
          tests: ["CMD-SHELL", "redis-cli ping 2>&1 | grep -qE 'PONG|NOAUTH'"],
          ...DATA_HEALTH,
        },
        wait: true,
        waitTimeout: 60,
      },
      { parent: this, replaceOnChanges: REPLACED_BY, deleteBeforeReplace: true },
    );

    this.url = pulumi.interpolate`redis://:${password}@${Redis.host}:${Redis.port}/0`;
    this.data = data.name;
    this.watched = [{ resource: name, id: container.id }];
    this.registerOutputs({ url: this.url, data: this.data });
  }
}
