/**
 * The static files of a release in the distribution's bucket, before anybody is shown a page that asks for them. Those of
 * the last releases stay, so that an open page finds its own.
 */
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { CreateInvalidationCommand, type CloudFrontClient } from "@aws-sdk/client-cloudfront";
import { DeleteObjectsCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import mime from "mime";
import type { Say } from "../progress.ts";
import { allSideBySide } from "../side-by-side.ts";
import type { RecordsBucket } from "./bucket.ts";
import { asked } from "./asked.ts";
import type { PulledImages } from "./pulled-images.ts";

/** Files of one service. */
export interface AssetSource {
  /** With tag or digest. */
  readonly image: string;
  /** Public path, such as /_next/static. */
  readonly path: string;
  /** Folder of the image that holds them. */
  readonly folder: string;
}

/** Names hold a hash: what is behind one never changes. */
const CACHE_CONTROL = "public, max-age=31536000, immutable";
const AT_ONCE = 16;
/** Most that S3 deletes in one request. */
const DELETED_AT_ONCE = 1000;
/** Which keys a release has, an object each beside the records. */
const LISTS = "assets/";

export class Assets {
  readonly #s3: S3Client;
  readonly #bucket: string;
  readonly #records: RecordsBucket;

  constructor(s3: S3Client, bucket: string, records: RecordsBucket) {
    this.#s3 = s3;
    this.#bucket = bucket;
    this.#records = records;
  }

  /** Uploads those of a release that were not yet. */
  async bring(
    releaseId: string,
    sources: readonly AssetSource[],
    images: PulledImages,
    say: Say,
  ): Promise<void> {
    const list = `${LISTS}${releaseId}.json`;
    if (await this.#records.read(list)) return;
    const folder = await mkdtemp(join(tmpdir(), "tristack-assets-"));
    try {
      const files: { key: string; file: string }[] = [];
      for (const [index, source] of sources.entries()) {
        say(`reading ${source.folder} of ${source.image}`);
        const copy = join(folder, String(index));
        await images.copy(source.image, source.folder, copy);
        for (const file of await filesIn(copy))
          files.push({ key: keyOf(source.path, relative(copy, file)), file });
      }
      await this.#upload(files, say);
      // Last: a list of what is not there would be believed.
      await this.#records.write(list, JSON.stringify(files.map(({ key }) => key)));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Removes those that no other release has. @returns how many went */
  async keepOnly(releaseIds: readonly string[]): Promise<number> {
    const lists = (await this.#records.names(LISTS)).map((name) => name.replace(/\.json$/, ""));
    const gone = lists.filter((id) => !releaseIds.includes(id));
    if (gone.length === 0) return 0;
    const keysOf = async (ids: readonly string[]) =>
      (await Promise.all(ids.map((id) => this.#records.read(`${LISTS}${id}.json`)))).flatMap(
        (stored) => JSON.parse(stored?.text ?? "[]") as string[],
      );
    const kept = new Set(await keysOf(lists.filter((id) => !gone.includes(id))));
    const keys = [...new Set(await keysOf(gone))].filter((key) => !kept.has(key));
    for (let from = 0; from < keys.length; from += DELETED_AT_ONCE) {
      const Objects = keys.slice(from, from + DELETED_AT_ONCE).map((Key) => ({ Key }));
      await asked(
        this.#s3.send(new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } })),
      );
    }
    for (const id of gone) await this.#records.remove(`${LISTS}${id}.json`);
    return keys.length;
  }

  async #upload(files: readonly { key: string; file: string }[], say: Say): Promise<void> {
    let begun = 0;
    const upload = async ({ key, file }: { key: string; file: string }) => {
      say(`${(begun += 1)} of ${files.length} files`);
      await asked(this.#put(key, await readFile(file)));
    };
    await allSideBySide(files, upload, AT_ONCE);
  }

  #put(Key: string, Body: Buffer) {
    const ContentType = mime.getType(Key) ?? "application/octet-stream";
    return this.#s3.send(
      new PutObjectCommand({ Bucket: this.#bucket, Key, Body, ContentType, CacheControl: CACHE_CONTROL }),
    );
  }
}

/** Pages that are kept at the edges are of the release before: all are asked for anew. */
export async function invalidate(cdn: CloudFrontClient, distributionId: string): Promise<void> {
  await asked(
    cdn.send(
      new CreateInvalidationCommand({
        DistributionId: distributionId,
        InvalidationBatch: {
          CallerReference: `tristack-${Date.now()}`,
          Paths: { Quantity: 1, Items: ["/*"] },
        },
      }),
    ),
  );
}

/** /_next/static/x.js is the object _next/static/x.js. */
function keyOf(path: string, file: string): string {
  return `${path.slice(1)}/${file.split(sep).join("/")}`;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}
