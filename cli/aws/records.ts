/** The records of a stack at AWS: an object of JSON for each in the bucket that its outputs name; of backups theirs tells. */
import type { S3Client } from "@aws-sdk/client-s3";
import type { RecordStore } from "../carrier.ts";
import { parsedRecord } from "../record-file.ts";
import type { S3Folder } from "../s3.ts";
import { backupFolderOf, recordsIn } from "./backup-records.ts";
import { RecordsBucket } from "./bucket.ts";

const FOLDER = "records/";

export class BucketRecords implements RecordStore {
  readonly #bucket: RecordsBucket;
  readonly #backups: S3Folder | undefined;

  constructor(bucket: RecordsBucket, backups?: S3Folder) {
    this.#bucket = bucket;
    this.#backups = backups;
  }

  /** One that is no JSON is left out. */
  async readAll(): Promise<Readonly<Record<string, unknown>>> {
    const names = await this.#bucket.names(FOLDER);
    const read = await Promise.all(
      names.map(async (name) => parsedRecord(name, (await this.#bucket.read(FOLDER + name))?.text ?? "")),
    );
    const backups = this.#backups && (await recordsIn(this.#backups));
    return { ...Object.fromEntries(read.flat()), ...backups?.records };
  }

  async write(records: Readonly<Record<string, unknown>>): Promise<void> {
    for (const [name, value] of Object.entries(records))
      await this.#bucket.write(`${FOLDER}${name}.json`, JSON.stringify(value));
  }
}

/** The records that the outputs name; undefined before there are any. */
export function awsRecordsOf(
  s3: S3Client,
  outputs: Readonly<Record<string, unknown>>,
): BucketRecords | undefined {
  const bucket = RecordsBucket.named(s3, outputs);
  return bucket && new BucketRecords(bucket, backupFolderOf(outputs));
}
