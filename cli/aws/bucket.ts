/** Small objects of JSON in a bucket. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { asked, isNamed, orIfMissing } from "./asked.ts";

export interface Stored {
  readonly text: string;
  /** Changes with what is stored. */
  readonly etag: string;
}

/** With credentials of AWS's own chain. */
export function s3Client(region: string): S3Client {
  // An address of its own has no subdomains for buckets.
  return new S3Client({ region, forcePathStyle: process.env.AWS_ENDPOINT_URL_S3 !== undefined });
}

/** What an object has to be for it to be written over. */
type Precondition = { readonly absent: true } | { readonly etag: string };

export class RecordsBucket {
  readonly #s3: S3Client;
  readonly #bucket: string;

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  /** The bucket that the outputs name; undefined before there is one. */
  static named(s3: S3Client, { statusRef }: Readonly<Record<string, unknown>>): RecordsBucket | undefined {
    const [, bucket] = /^s3:(\S+)$/.exec(typeof statusRef === "string" ? statusRef : "") ?? [];
    return bucket === undefined ? undefined : new RecordsBucket(s3, bucket);
  }

  /** Names of the objects in a folder, the folder left out. */
  async names(folder: string): Promise<string[]> {
    const request = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: folder });
    const { Contents = [] } = (await orIfMissing(this.#s3.send(request))) ?? {};
    return Contents.map(({ Key = "" }) => Key.slice(folder.length));
  }

  async read(key: string): Promise<Stored | undefined> {
    const found = await orIfMissing(this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key })));
    return found?.Body && { text: await found.Body.transformToString(), etag: found.ETag ?? "" };
  }

  write(key: string, text: string): Promise<void> {
    return asked(this.#put(key, text));
  }

  /** @returns whether it was as it has to be, and so was written. */
  async writeIf(key: string, text: string, before: Precondition): Promise<boolean> {
    const condition = "etag" in before ? { IfMatch: before.etag } : { IfNoneMatch: "*" };
    try {
      await this.#put(key, text, condition);
      return true;
    } catch (error) {
      if (isNamed(error, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")) return false;
      return asked(Promise.reject(error as Error));
    }
  }

  async remove(key: string): Promise<void> {
    await asked(this.#s3.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key })));
  }

  async #put(key: string, text: string, condition: { IfMatch?: string; IfNoneMatch?: string } = {}) {
    await this.#s3.send(
      new PutObjectCommand({
        Bucket: this.#bucket,
        Key: key,
        Body: text,
        ContentType: "application/json",
        ...condition,
      }),
    );
  }
}
