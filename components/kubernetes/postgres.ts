/** PostgreSQL 16 in a StatefulSet, its data in a volume that outlives it. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../shared/generated-password.ts";
import { postgresTuning } from "../shared/postgres-tuning.ts";
import { secretPath } from "../shared/secret-path.ts";
import { labelsOf } from "./labels.ts";
import { type ServerArgs, stateful } from "./stateful.ts";

export interface PostgresArgs extends ServerArgs {
  /** Database, and its owner. Read when the volume is first filled. */
  database: string;
  user: string;
}

export class Postgres extends pulumi.ComponentResource {
  static readonly host = "postgres";
  static readonly port = 5432;

  /** Connection URL with the password: a secret. */
  readonly url: pulumi.Output<string>;
  /** Secret with the password, as its entry `password`. */
  readonly secretName: pulumi.Output<string>;
  /** Where the password lies: `k8s:<namespace>/<secret>/<entry>`. */
  readonly secretRef: pulumi.Output<string>;
  /** Claim of the volume with the data. */
  readonly claim: pulumi.Output<string>;

  constructor(name: string, args: PostgresArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:Postgres", name, {}, opts);
    const { owner, namespace } = args;
    const password = generatedPassword(`${name}-password`, { parent: this, protect: args.protect });
    const secret = new kubernetes.core.v1.Secret(
      name,
      {
        metadata: { name: "postgres-secret", namespace, labels: labelsOf(owner, name) },
        stringData: { password },
      },
      { parent: this },
    );
    this.claim = stateful(
      name,
      {
        ...args,
        command: ["postgres", ...postgresTuning(args.memory)],
        environment: {
          POSTGRES_DB: args.database,
          POSTGRES_USER: args.user,
          POSTGRES_PASSWORD_FILE: secretPath("password"),
          PGDATA: "/var/lib/postgresql/data/pgdata",
        },
        secretName: secret.metadata.name,
        // The image's own (postgres:16-alpine).
        user: { uid: 70, gid: 70 },
        port: Postgres.port,
        dataFolder: "/var/lib/postgresql/data",
        writable: ["/var/run/postgresql"],
        // Over TCP: while a new volume is filled, a server answers on the socket alone.
        ready: ["pg_isready", "-h", "127.0.0.1", "-U", args.user, "-d", args.database],
        stopSeconds: 120,
      },
      this,
    );
    this.url = pulumi.interpolate`postgresql://${args.user}:${password}@${Postgres.host}:${Postgres.port}/${args.database}`;
    this.secretName = secret.metadata.name;
    this.secretRef = pulumi.interpolate`k8s:${namespace}/${secret.metadata.name}/password`;
    this.registerOutputs({ claim: this.claim, secretRef: this.secretRef });
  }
}
