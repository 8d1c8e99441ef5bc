/** What the two halves of a backup (components/docker/backup/*.sh) are told in variables, whatever carries them. */
import type { SelfHostedSettings } from "../settings.ts";
import type { Owner } from "./labels.ts";
import { longestGap } from "./schedule.ts";
import { seconds } from "./units.ts";

export type BackupSettings = NonNullable<SelfHostedSettings["backup"]>;

/** What every target makes of its settings. */
export type BackupPlan = Pick<
  BackupSettings,
  "schedule" | "retentionDays" | "drill" | "smallerThan" | "lateAfter" | "timeout"
> & {
  /** Where backups go; left out, they stay where they are made. */
  readonly s3?: Omit<NonNullable<BackupSettings["s3"]>, "accessKey" | "secretKey">;
};

/** How the database is reached. */
export interface DatabaseAccess {
  host: string;
  port: number;
  /** Its owner. */
  user: string;
  name: string;
  passwordFile: string;
}

/** Of the half that reads the database. */
export function keeperVariables(owner: Owner, settings: BackupPlan, database: DatabaseAccess) {
  return {
    ...common(owner, settings),
    PGHOST: database.host,
    PGPORT: String(database.port),
    PGUSER: database.user,
    PGDATABASE: database.name,
    POSTGRES_PASSWORD_FILE: database.passwordFile,
    SCHEDULE: settings.schedule,
    DRILL_SCHEDULE: settings.drill,
    SMALLER_THAN: String(settings.smallerThan),
    S3: settings.s3?.bucket ?? "",
    // Two attempts, each of a dump and its manifest, and some air.
    VERDICT_SECONDS: String(settings.s3 ? 4 * seconds(settings.timeout) + 60 : 60),
  };
}

/** Of the half that speaks with the outside. */
export function courierVariables(owner: Owner, settings: BackupPlan) {
  return { ...common(owner, settings), ...s3Variables(settings.s3) };
}

/** Names of its secrets' files, and of the secrets in them. */
export function courierSecretNames({ s3, ping }: BackupSettings): Record<string, string> {
  const named = { S3_ACCESS_KEY: s3?.accessKey, S3_SECRET_KEY: s3?.secretKey, PING_URL: ping };
  return Object.fromEntries(
    Object.entries(named).flatMap(([file, secret]) => (secret === undefined ? [] : [[file, secret]])),
  );
}

/** Age in seconds from which on the newest backup is late. */
export function lateSeconds({ schedule, lateAfter }: BackupPlan): number {
  return longestGap(schedule) + seconds(lateAfter);
}

/** A stack as messages and metrics about its backups name it. */
export function nameInBackups({ project, stack }: Owner): string {
  return `${project}/${stack}`;
}

function common(owner: Owner, settings: BackupPlan): Record<string, string> {
  return {
    STACK: nameInBackups(owner),
    RETENTION_DAYS: String(settings.retentionDays),
    LATE_SECONDS: String(lateSeconds(settings)),
    TIMEOUT: String(seconds(settings.timeout)),
  };
}

/** Amazon's address holds the bucket; other servers take it as the path. */
function s3Variables(s3: BackupPlan["s3"]): Record<string, string> {
  if (!s3) return { S3_URL: "" };
  const { bucket, region, endpoint } = s3;
  return {
    S3_URL: endpoint ? `${endpoint}/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com`,
    S3_REGION: region,
    S3_PREFIX: s3.prefix,
    S3_ENCRYPTION: s3.serverSideEncryption,
  };
}
