/** Backups of an application at AWS, and what alarms are told of them. Wiring only. */
import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { BackupAlarmsArgs } from "../aws/backup-alarms.ts";
import { Backup } from "../aws/backup.ts";
import type { Bucket } from "../aws/bucket.ts";
import { type AwsSettings, isProtected } from "../settings.ts";
import { lateSeconds, nameInBackups } from "../shared/backup-variables.ts";
import type { Owner } from "../shared/labels.ts";
import type { Ground } from "./aws-ground.ts";

interface Around {
  readonly owner: Owner;
  readonly ground: Ground;
  readonly cluster: aws.ecs.Cluster;
  /** ARN of the URL that is asked after each success, and what it has to be there with. */
  readonly pingArn: pulumi.Input<string> | undefined;
  readonly secrets: pulumi.Resource;
  readonly logDays: number;
  readonly accessLog: Bucket | undefined;
}

/** Undefined where the settings ask for none. */
export function backupOf(
  { backup: plan, ...settings }: AwsSettings,
  { owner, ground: { network, database, ready }, cluster, pingArn, secrets, logDays, accessLog }: Around,
  opts: pulumi.ComponentResourceOptions,
): { output: Backup["output"]; alarms: BackupAlarmsArgs } | undefined {
  if (!plan) return undefined;
  const backup = new Backup(
    "backup",
    {
      owner,
      plan,
      region: settings.region,
      images: settings.images,
      architecture: settings.architecture,
      network,
      cluster,
      database: {
        host: database.host,
        port: database.port,
        name: database.databaseName,
        user: database.user,
        urlArn: database.secretArn,
      },
      ...(pingArn === undefined ? {} : { pingArn }),
      logDays,
      accessLog,
      protect: isProtected(settings.environment.kind),
    },
    opts,
  );
  database.letIn("backup", backup.groupId);
  const first = backup.first([...ready, database, secrets]);
  return {
    output: backup.output,
    alarms: { stack: nameInBackups(owner), lateSeconds: lateSeconds(plan), first },
  };
}
