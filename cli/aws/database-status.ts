/** How the database of RDS fares. Loaded when it is asked for: AWS' client of RDS takes a moment. */
import { type DBInstance, DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import type { PartStatus } from "../carrier.ts";
import { orIfMissing } from "./asked.ts";
import { DATABASE } from "./parts.ts";

export async function databaseStatus(region: string, instanceId: string): Promise<PartStatus> {
  const request = new DescribeDBInstancesCommand({ DBInstanceIdentifier: instanceId });
  const found = await orIfMissing(new RDSClient({ region }).send(request));
  return { name: instanceId, part: DATABASE, status: statusOf(found?.DBInstances?.[0]), version: null };
}

/** Such as "available, PostgreSQL 16.9, db.t4g.small, 20 GiB, with a standby". */
export function statusOf(instance: DBInstance | undefined): string {
  if (!instance) return "not there";
  const words = [
    instance.DBInstanceStatus,
    `PostgreSQL ${instance.EngineVersion}`,
    instance.DBInstanceClass,
    `${instance.AllocatedStorage} GiB`,
    instance.MultiAZ && "with a standby",
    pending(instance.PendingModifiedValues),
  ];
  return words.filter(Boolean).join(", ");
}

/** What waits for the maintenance window, by AWS' own names; a value among them may be a password. */
function pending(values: object = {}): string {
  const names = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return names.length === 0 ? "" : `waits for its maintenance window: ${names.join(", ")}`;
}
