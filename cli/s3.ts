/** A folder of S3, such as that of backups, as a machine sees it that has nothing but credentials: those of AWS's own chain. */
import type { S3Client } from "@aws-sdk/client-s3";
import { badInput, failed, messageOf } from "./errors.ts";

export interface S3Place {
  readonly bucket: string;
  /** Empty, or folders that end with a slash. */
  readonly prefix: string;
  readonly region: string;
  /** Address of a server other than Amazon's. */
  readonly endpoint?: string;
}

export class S3Folder {
  readonly #place: S3Place;
  #client: S3Client | undefined;

  constructor(place: S3Place) {
    this.#place = place;
  }

  /** `s3://bucket/prefix/` */
  get name(): string {
    return `s3://${this.#place.bucket}/${this.#place.prefix}`;
  }

  /** The last name, in the order of the alphabet, that matches below the folder; undefined where there is none. */
  async newest(below: string, pattern: RegExp): Promise<string | undefined> {
    return (await this.names(below, pattern)).pop();
  }

  /** Names that match below the folder, in the order of the alphabet. */
  async names(below: string, pattern: RegExp): Promise<string[]> {
    const { paginateListObjectsV2 } = await import("@aws-sdk/client-s3");
    const Prefix = this.#place.prefix + below;
    const names: string[] = [];
    await this.#ask("read", async (client) => {
      for await (const page of paginateListObjectsV2({ client }, { Bucket: this.#place.bucket, Prefix })) {
        names.push(...(page.Contents ?? []).map(({ Key = "" }) => Key.slice(Prefix.length)));
      }
    });
    return names.filter((name) => pattern.test(name)).sort();
  }

  async text(name: string): Promise<string> {
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    return this.#ask("read", async (client) => {
      const { Body } = await client.send(new GetObjectCommand(this.#object(name)));
      return (await Body?.transformToString()) ?? "";
    });
  }

  async write(name: string, text: string): Promise<void> {
    const { PutObjectCommand } = await import("@aws-sdk/client-s3");
    await this.#ask("written", (client) =>
      client.send(new PutObjectCommand({ ...this.#object(name), Body: text })),
    );
  }

  #object(name: string) {
    return { Bucket: this.#place.bucket, Key: this.#place.prefix + name };
  }

  async #ask<T>(what: "read" | "written", work: (client: S3Client) => Promise<T>): Promise<T> {
    // Loaded here: it takes a moment, and few commands need it.
    const sdk = await import("@aws-sdk/client-s3");
    const { region, endpoint } = this.#place;
    this.#client ??= new sdk.S3Client({ region, endpoint, forcePathStyle: endpoint !== undefined });
    try {
      return await work(this.#client);
    } catch (error) {
      throw failed(`${this.name} cannot be ${what}: ${messageOf(error)}`, error);
    }
  }
}

/** `s3://bucket/folders/` of the command line. */
export function parseS3(text: string): Pick<S3Place, "bucket" | "prefix"> {
  const [, bucket, path = ""] = /^s3:\/\/([a-z0-9][a-z0-9-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(text) ?? [];
  if (bucket === undefined)
    throw badInput(`--from: ${JSON.stringify(text)}; needs an address such as s3://bucket/shop/production/`);
  return { bucket, prefix: path === "" || path.endsWith("/") ? path : `${path}/` };
}
