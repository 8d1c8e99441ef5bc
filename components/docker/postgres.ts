/** PostgreSQL 16 in a container, its data in a volume. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { generatedPassword } from "../shared/generated-password.ts";
import { postgresTuning } from "../shared/postgres-tuning.ts";
import { DATA_HEALTH, REPLACED_BY, type Watched, containerArgs } from "./container.ts";
import { secretPath } from "../shared/secret-path.ts";
import { SecretFiles } from "./secret-files.ts";
import { dataVolume } from "./volume.ts";

export interface PostgresArgs {
  owner: Owner;
  /** Image; anything that behaves as postgres:16-alpine does. */
  image: string;
  /** Database created at the first start. Changing it later creates nothing: the volume is already initialised. */
  database: string;
  /** Owner of the database, created at the first start. */
  user: string;
  /** CPU limit, in CPUs. */
  cpu: number;
  /** Memory limit, such as `2GiB`; a quarter becomes shared buffers, as PostgreSQL's manual advises. */
  memory: string;
  /** Docker network; the container answers there as `postgres`. */
  network: pulumi.Input<string>;
  /** Whether volumes and password refuse to be deleted. */
  protect: boolean;
}

export class Postgres extends pulumi.ComponentResource {
  static readonly host = "postgres";
  static readonly port = 5432;

  /** Connection URL with the password: a secret. */
  readonly url: pulumi.Output<string>;
  /** Docker name of the volume that dumps are written to. */
  readonly backups: pulumi.Output<string>;
  /** Mount of the volume with the password, for what else connects as the owner. */
  readonly passwordMount: SecretFiles["mount"];
  /** Docker name of the volume that holds the data. */
  readonly data: pulumi.Output<string>;
  /** What runs. */
  readonly watched: Watched[];

  constructor(name: string, args: PostgresArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Postgres", name, {}, opts);
    const keep = { parent: this, protect: args.protect };

    const password = generatedPassword(`${name}-password`, keep);
    const data = dataVolume(args.owner, `${name}-data`, keep);
    const backups = dataVolume(args.owner, "backups", keep);
    const secrets = new SecretFiles(
      `${name}-secrets`,
      { owner: args.owner, image: args.image, secrets: { POSTGRES_PASSWORD: password } },
      { parent: this },
    );

    const container = new docker.Container(
      name,
      {
        ...containerArgs(args.owner, name, {
          cpu: args.cpu,
          memory: args.memory,
          user: "postgres",
          writable: ["/var/run/postgresql"],
          stopSeconds: 120,
        }),
        image: args.image,
        command: ["postgres", ...postgresTuning(args.memory)],
        envs: [`POSTGRES_DB=${args.database}`, `POSTGRES_USER=${args.user}`, ...secrets.envs],
        volumes: [
          secrets.mount,
          { volumeName: data.name, containerPath: "/var/lib/postgresql/data" },
          { volumeName: backups.name, containerPath: "/backups" },
        ],
        networksAdvanced: [{ name: args.network, aliases: [Postgres.host] }],
        shmSize: 256,
        // Over TCP: while the entrypoint initialises a new volume, a server answers on the socket alone.
        healthcheck: {
          tests: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", args.user, "-d", args.database],
          ...DATA_HEALTH,
        },
        wait: true,
        waitTimeout: 120,
      },
      { parent: this, replaceOnChanges: REPLACED_BY, deleteBeforeReplace: true },
    );

    this.url = pulumi.interpolate`postgresql://${args.user}:${password}@${Postgres.host}:${Postgres.port}/${args.database}`;
    this.backups = backups.name;
    this.passwordMount = secrets.mount;
    this.data = data.name;
    this.watched = [{ resource: name, id: container.id }];
    this.registerOutputs({ url: this.url, backups: this.backups, data: this.data });
  }
}

/** Where the password lies inside the container of PostgreSQL; what runs there reads it from this file. */
export const POSTGRES_PASSWORD_FILE = secretPath("POSTGRES_PASSWORD");
