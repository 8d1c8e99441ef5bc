/**
 * The backups of a stack at AWS, as its resource graph has them, on real parts: PostgreSQL 16 in the place of RDS, MinIO in
 * that of S3, Docker in that of Fargate, and moto for what Lambda keeps of a function.
 */
import assert from "node:assert/strict";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import type { Registered } from "../../cli/render/recorder.ts";
import { ensureDocker } from "../../toolchain/docker.ts";
import { ensureBaseImages } from "../../toolchain/images.ts";
import { ensurePulumi } from "../../toolchain/pulumi.ts";
import { withAwsBackup } from "./aws-settings.ts";
import { Authority } from "./e2e-authority.ts";
import { AwsDoor } from "./e2e-aws-door.ts";
import { Fargate, type TaskDefinition } from "./e2e-fargate.ts";
import { type Keys, Minio, REGION } from "./e2e-minio.ts";
import { type Moto, startMoto } from "./e2e-moto.ts";
import { Door, Webhook } from "./e2e-outside.ts";
import { Rds } from "./e2e-rds.ts";
import { Workspace } from "./e2e-workspace.ts";
import { type Graph, buildGraph } from "./graph.ts";
import { statementsOf } from "./iam-statements.ts";
import { changed } from "./settings.ts";

export const STACK = "vault";
/** What the mocks name the bucket. */
const BUCKET = "backup-id";
const RECORDS = "records-id";
const HOST = "database.example.com";
/** What the mocks make up, and what is in the URL. */
export const PASSWORD = "generated-for-database-password";
const BUNDLE = "/eu-central-1-bundle.pem";

interface Parts {
  readonly place: Workspace;
  readonly graph: Graph;
  readonly fargate: Fargate;
  readonly door: AwsDoor;
  readonly moto: Moto;
  readonly minio: Minio;
  readonly s3Door: Door;
  readonly ping: Webhook;
  readonly authority: Authority;
}

export class AwsBackupSite {
  readonly #parts: Parts;
  /** Asked by the administrator's keys. */
  readonly s3: S3Client;
  rds: Rds;

  private constructor(parts: Parts, s3: S3Client, rds: Rds) {
    this.#parts = parts;
    this.s3 = s3;
    this.rds = rds;
  }

  get place() {
    return this.#parts.place;
  }
  get graph() {
    return this.#parts.graph;
  }
  get fargate() {
    return this.#parts.fargate;
  }
  get door() {
    return this.#parts.door;
  }
  get moto() {
    return this.#parts.moto;
  }
  get s3Door() {
    return this.#parts.s3Door;
  }
  get ping() {
    return this.#parts.ping;
  }
  get bucket() {
    return BUCKET;
  }
  /** Of the stack's records and its lock. */
  get records() {
    return RECORDS;
  }

  /** ARN of the function that everybody starts backups by. */
  get arn(): string {
    return (this.graph.outputs.backup as { run: { target: string } }).run.target;
  }

  static async create(keys: Keys): Promise<AwsBackupSite> {
    await ensureDocker();
    const place = await Workspace.create("aws-backup");
    // Pulumi's command alone is asked: nothing is made here.
    await ensurePulumi({ target: "vps" });
    const images = await ensureBaseImages();
    const ping = await Webhook.open();
    const graph = await graphOf(`http://169.254.170.2:${ping.port}/ping`);
    const find = (type: string, name: string) => found(graph, type, name);
    const minio = await Minio.start(await place.folder("s3"), keys, BUCKET);
    const s3Door = await Door.to(minio.port);
    const policy = policyOf(find("aws:iam/rolePolicy:RolePolicy", "backup-task"));
    const authority = await Authority.make(await place.folder("tls"));
    const standIn = images.postgres.origin === "built";
    const fargate = new Fargate({
      definition: () => definitionOf(find("aws:ecs/taskDefinition:TaskDefinition", "backup")),
      imageOf: (image) => images[/postgres/.test(image) ? "postgres" : "nginx"].reference,
      variables: {
        // The clients of the stand-in have no TLS; libpq of its server has, and is the same library.
        keeper: standIn ? { LD_PRELOAD: "/usr/local/pgsql/lib/libpq.so.5" } : {},
        courier: {
          S3_URL: `http://169.254.170.2:${s3Door.port}/${BUCKET}`,
          DATABASE_CA_URL: `http://169.254.170.2${BUNDLE}`,
        },
      },
      secretOf: (arn) => secretOf(graph, arn),
      lend: () => minio.lend(policy),
    });
    await fargate.start();
    fargate.files[BUNDLE] = authority.pem;
    const moto = await startMoto();
    const arn = (graph.outputs.backup as { run: { target: string } }).run.target;
    const { variables } = find("aws:lambda/function:Function", "backup").inputs.environment as {
      variables: Record<string, string>;
    };
    const door = await AwsDoor.open({ arn, code: "run-task", variables, fargate, moto });
    const parts: Parts = { place, graph, fargate, door, moto, minio, s3Door, ping, authority };
    const s3 = new S3Client({
      region: REGION,
      endpoint: `http://127.0.0.1:${minio.port}`,
      forcePathStyle: true,
      credentials: { accessKeyId: keys.access, secretAccessKey: keys.secret },
    });
    await s3.send(new CreateBucketCommand({ Bucket: RECORDS }));
    Object.assign(place.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${door.port}`,
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${minio.port}`,
      AWS_ACCESS_KEY_ID: keys.access,
      AWS_SECRET_ACCESS_KEY: keys.secret,
      PULUMI_BACKEND_URL: `file://${await place.folder("state")}`,
      PULUMI_CONFIG_PASSPHRASE: "e2e",
    });
    return new AwsBackupSite(parts, s3, await databaseOf(parts, "first"));
  }

  /** Another database in the place of the one that there was, with nothing in it. */
  async emptyDatabase(): Promise<void> {
    await this.rds.stop();
    this.rds = await databaseOf(this.#parts, "second");
  }

  /** Serves an authority of the database that is not its own, until it is told otherwise. */
  async wrongAuthority(): Promise<() => void> {
    const other = await Authority.make(await this.place.folder("other-tls"));
    this.fargate.files[BUNDLE] = other.pem;
    return () => {
      this.fargate.files[BUNDLE] = this.#parts.authority.pem;
    };
  }

  /** Keys that the task's role has. */
  lend(): Promise<Readonly<Record<string, string>>> {
    return this.#parts.minio.lend(
      policyOf(found(this.graph, "aws:iam/rolePolicy:RolePolicy", "backup-task")),
    );
  }

  /** Databases that the stack's user has. */
  databases(): Promise<string> {
    return this.rds.owner(
      "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'app%'",
    );
  }

  objects(below = "database/"): Promise<string[]> {
    return this.#parts.minio.objects(below);
  }

  async dispose(): Promise<void> {
    const { door, moto, fargate, s3Door, minio, ping, place } = this.#parts;
    this.s3.destroy();
    await door.close();
    await moto.stop();
    await this.rds.stop();
    await fargate.stop();
    await s3Door.close();
    await minio.stop();
    await ping.close();
    await place.dispose();
  }
}

function databaseOf({ fargate, authority }: Parts, name: string): Promise<Rds> {
  const beside = { network: fargate.network, name: `tristack-e2e-rds-${name}` };
  return Rds.start(HOST, PASSWORD, { beside, authority });
}

function graphOf(ping: string): Promise<Graph> {
  const settings = changed(withAwsBackup(), ["backup"], {
    ping: "PING_URL",
    retentionDays: 2,
    timeout: "60s",
  });
  const config = changed(settings, ["secrets", "PING_URL"], ping);
  return buildGraph({ stack: STACK, config, secretKeys: ["secrets"] });
}

function found({ resources }: Graph, type: string, name: string): Registered {
  const one = resources.find((each) => each.type === type && each.name === name);
  assert.ok(one, `${type} ${name}`);
  return one;
}

function definitionOf({ inputs }: Registered): TaskDefinition {
  return {
    containerDefinitions: JSON.parse(
      String(inputs.containerDefinitions),
    ) as TaskDefinition["containerDefinitions"],
    volumes: inputs.volumes as TaskDefinition["volumes"],
  };
}

/** What is in Secrets Manager at an ARN, as the graph puts it there. */
function secretOf(graph: Graph, arn: string): string {
  const { inputs } = found(
    graph,
    "aws:secretsmanager/secretVersion:SecretVersion",
    arn.split("/").at(-1) ?? "",
  );
  return (inputs.secretString as { secret: string }).secret;
}

/** The role's own policy; of its bucket the mocks do not know the real name. */
function policyOf({ inputs }: Registered): object {
  const statements = statementsOf(
    String(inputs.policy).replaceAll(/arn:aws:s3:[^"/]*\/backup/g, `arn:aws:s3:::${BUCKET}`),
  );
  return { Version: "2012-10-17", Statement: statements };
}
