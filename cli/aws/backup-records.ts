/** What the bucket of a stack's backups tells of them: the manifests, the last drill, the last one that failed. */
import type { BackupOutputs, Failure, Manifest } from "../backup-job.ts";
import { S3Folder, parseS3 } from "../s3.ts";

/** An object without its manifest is no backup. */
const MANIFEST = /^\d{8}T\d{6}Z\.json$/;
/** Written by the keeper: components/aws/backup/keeper-task.sh. */
const DRILL = "restore.json";
const FAILURE = "failure.json";

export interface BackupRecords {
  /** As the host's records of the same names are: see components/live-status.ts. */
  readonly records: { readonly backup?: { at: string; bytes: number }; readonly restore?: unknown };
  /** The last backup, where it failed. */
  readonly failure?: Failure;
}

/** @param destination as the outputs have it, such as s3://bucket/database/ */
export function backupFolder(destination: string, region: string): S3Folder {
  return new S3Folder({ ...parseS3(destination), region });
}

/** Where the backups of a stack are; undefined where it makes none there. */
export function backupFolderOf({ backup }: Readonly<Record<string, unknown>>): S3Folder | undefined {
  const { destination, run } = (backup ?? {}) as Partial<BackupOutputs>;
  return run?.via === "lambda" && destination ? backupFolder(destination, regionOf(run.target)) : undefined;
}

/** An ARN says it. */
export function regionOf(arn: string): string {
  return arn.split(":")[3] ?? "";
}

/** The newest first. */
export async function manifestsIn(folder: S3Folder): Promise<Manifest[]> {
  const names = (await folder.names("", MANIFEST)).reverse();
  return Promise.all(names.map(async (name) => JSON.parse(await folder.text(name)) as Manifest));
}

export async function recordsIn(folder: S3Folder): Promise<BackupRecords> {
  const names = await folder.names("", /\.json$/);
  const newest = names.filter((name) => MANIFEST.test(name)).at(-1);
  const read = async (name: string | undefined) =>
    name !== undefined && names.includes(name) ? (JSON.parse(await folder.text(name)) as unknown) : undefined;
  const [backup, restore, failure] = (await Promise.all([newest, DRILL, FAILURE].map(read))) as [
    Manifest | undefined,
    unknown,
    Failure | undefined,
  ];
  return {
    records: {
      ...(backup ? { backup: { at: backup.at, bytes: backup.bytes } } : {}),
      ...(restore === undefined ? {} : { restore }),
    },
    ...(failure && failure.at > (backup?.at ?? "") ? { failure } : {}),
  };
}
