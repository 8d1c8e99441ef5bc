/** Redis 7 in a StatefulSet, append only, with a password. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../shared/generated-password.ts";
import { secretPath } from "../shared/secret-path.ts";
import { labelsOf } from "./labels.ts";
import { type ServerArgs, stateful } from "./stateful.ts";

export type RedisArgs = ServerArgs;

export class Redis extends pulumi.ComponentResource {
  static readonly host = "redis";
  static readonly port = 6379;

  /** Connection URL with the password: a secret. */
  readonly url: pulumi.Output<string>;
  /** Claim of the volume with the data. */
  readonly claim: pulumi.Output<string>;

  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:Redis", name, {}, opts);
    const { owner, namespace } = args;
    const password = generatedPassword(`${name}-password`, { parent: this, protect: args.protect });
    // A file, since a password among the arguments would be seen by everybody who may look at the pod.
    const configuration = pulumi.interpolate`appendonly yes\ndir /data\nrequirepass ${password}\n`;
    const secret = new kubernetes.core.v1.Secret(
      name,
      {
        metadata: { name: "redis-secret", namespace, labels: labelsOf(owner, name) },
        stringData: { "redis.conf": configuration },
      },
      { parent: this },
    );
    this.claim = stateful(
      name,
      {
        ...args,
        command: ["redis-server", secretPath("redis.conf")],
        environment: {},
        secretName: secret.metadata.name,
        // The image's own (redis:7-alpine).
        user: { uid: 999, gid: 1000 },
        port: Redis.port,
        dataFolder: "/data",
        // NOAUTH is an answer too: the server is up, and no password is among the arguments.
        ready: ["sh", "-c", "redis-cli ping 2>&1 | grep -qE 'PONG|NOAUTH'"],
        stopSeconds: 30,
      },
      this,
    );
    this.url = pulumi.interpolate`redis://:${password}@${Redis.host}:${Redis.port}/0`;
    this.registerOutputs({ claim: this.claim });
  }
}
