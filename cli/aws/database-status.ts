/** How the database of RDS fares, and where its log is. */
import { DescribeDBInstancesCommand, type RDSClient } from "@aws-sdk/client-rds";
import type { PartStatus } from "../carrier.ts";
import { orIfMissing } from "./asked.ts";
import type { LogPlace } from "./cloudwatch-log.ts";

/** As the other targets call theirs. */
export const DATABASE = "postgres";

/** Where RDS exports it to: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html */
export function databaseLog(instanceId: string): LogPlace {
  return { group: `/aws/rds/instance/${instanceId}/postgresql` };
}

/** Such as "available, PostgreSQL 16.9, db.t4g.small, 20 GiB, with a standby". */
export async function databaseStatus(rds: RDSClient, instanceId: string): Promise<PartStatus> {
  const found = await orIfMissing(
    rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: instanceId })),
  );
  const instance = found?.DBInstances?.[0];
  const words = instance
    ? [
        instance.DBInstanceStatus,
        `PostgreSQL ${instance.EngineVersion}`,
        instance.DBInstanceClass,
        `${instance.AllocatedStorage} GiB`,
        instance.MultiAZ && "with a standby",
        pending(instance.PendingModifiedValues),
      ]
    : ["not there"];
  return { name: instanceId, part: DATABASE, status: words.filter(Boolean).join(", "), version: null };
}

/** What waits for the maintenance window, by AWS' own names; a value among them may be a password. */
function pending(values: object = {}): string {
  const names = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return names.length === 0 ? "" : `waits for its maintenance window: ${names.join(", ")}`;
}
