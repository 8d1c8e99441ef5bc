/** Logs of a database of RDS, and where RDS exports them to: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html */
export const DATABASE_LOGS = ["postgresql", "upgrade"] as const;

/** Group in CloudWatch. */
export function databaseLogGroup(instanceId: string, log: (typeof DATABASE_LOGS)[number]): string {
  return `/aws/rds/instance/${instanceId}/${log}`;
}
