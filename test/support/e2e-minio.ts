/** A real S3 server: MinIO, built once from its Go module (four minutes on two cores). It checks every signature. */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { goTool } from "./e2e-go-tool.ts";
import { freePort } from "./free-port.ts";

/** The last commit that the module proxy has of MinIO's community edition. */
const VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c";

export const REGION = "eu-central-1";
export const BUCKET = "tristack-e2e";

export interface Keys {
  readonly access: string;
  readonly secret: string;
}

export class Minio {
  readonly port: number;
  /** Of the bucket. */
  readonly #folder: string;
  readonly #keys: Keys;
  readonly #stop: () => Promise<void>;

  private constructor(port: number, folder: string, keys: Keys, stop: () => Promise<void>) {
    this.port = port;
    this.#folder = folder;
    this.#keys = keys;
    this.#stop = stop;
  }

  /** @param folder for its data */
  static async start(folder: string, keys: Keys, bucket = BUCKET): Promise<Minio> {
    const program = await goTool("github.com/minio/minio", VERSION);
    const port = await freePort();
    await mkdir(join(folder, bucket), { recursive: true });
    const server = execa(program, ["server", "--quiet", "--address", `127.0.0.1:${port}`, folder], {
      env: {
        MINIO_ROOT_USER: keys.access,
        MINIO_ROOT_PASSWORD: keys.secret,
        MINIO_REGION: REGION,
        MINIO_BROWSER: "off",
        // Without a key of its own it refuses objects that are to be encrypted.
        MINIO_KMS_SECRET_KEY: `e2e:${Buffer.alloc(32, 7).toString("base64")}`,
      },
      reject: false,
      buffer: false,
    });
    const minio = new Minio(port, join(folder, bucket), keys, async () => {
      server.kill();
      await server;
    });
    await minio.#ready();
    console.log(`      S3 server: MinIO ${VERSION}`);
    return minio;
  }

  async #ready(): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/minio/health/ready`).catch(() => undefined);
      if (answer?.ok) return;
      if (tries > 100) throw new Error("MinIO did not get ready");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Names of the objects, as MinIO keeps them: a folder each. */
  async objects(prefix: string): Promise<string[]> {
    return (await readdir(join(this.#folder, prefix)).catch(() => [])).sort();
  }

  /** Keys for an hour that may do what a policy says, in the form in which ECS lends those of a role. */
  async lend(policy: object): Promise<Readonly<Record<string, string>>> {
    const { access, secret } = this.#keys;
    const question = { Action: "AssumeRole", Version: "2011-06-15", Policy: JSON.stringify(policy) };
    const words = Object.entries(question).flatMap(([key, value]) => ["--data-urlencode", `${key}=${value}`]);
    const signed = ["--config", "-", "--aws-sigv4", `aws:amz:${REGION}:sts`];
    const { stdout } = await execa(
      "curl",
      ["--silent", "--show-error", "--fail-with-body", ...signed, ...words, `http://127.0.0.1:${this.port}/`],
      { input: `user = "${access}:${secret}"` },
    );
    const told = (tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(stdout)?.[1] ?? "";
    return {
      RoleArn: "arn:aws:iam::123456789012:role/tristack/backup-task",
      AccessKeyId: told("AccessKeyId"),
      SecretAccessKey: told("SecretAccessKey"),
      Token: told("SessionToken"),
      Expiration: told("Expiration"),
    };
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}
