/** What is wrong with the backups: one failed, or there is none where the schedule promises one. */
import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

export interface BackupAlarmsArgs {
  /** The stack, as its metrics name it. */
  stack: string;
  /** Age from which on the newest backup is late. */
  lateSeconds: number;
  /** The first backup: before it every one is late. */
  first: pulumi.Resource;
}

/** Namespace of the metrics that the keeper's log holds (components/aws/backup/keeper-task.sh). */
export const METRICS = "Tristack";

const MINUTE = 60;
const HOUR = 3600;
/** CloudWatch looks back for a week, and for a day where it looks at less than an hour at a time. */
const LONGEST_SECONDS = 7 * 24 * HOUR;
const FINE_SECONDS = 6 * HOUR;

/** By name. A schedule whose backups come too seldom to be missed within a week has no alarm that they are late. */
export function backupAlarms({
  stack,
  lateSeconds,
}: Pick<BackupAlarmsArgs, "stack" | "lateSeconds">): Record<
  string,
  Omit<aws.cloudwatch.MetricAlarmArgs, "alarmActions" | "okActions">
> {
  const of = { namespace: METRICS, dimensions: { Stack: stack }, statistic: "Sum" };
  const period = lateSeconds > FINE_SECONDS ? HOUR : MINUTE;
  const failed = {
    ...of,
    alarmDescription: `a backup of ${stack}, or the trial of restoring one, failed`,
    metricName: "FailedBackups",
    period: 5 * MINUTE,
    evaluationPeriods: 1,
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
  };
  if (lateSeconds > LONGEST_SECONDS) return { failed };
  const late = {
    ...of,
    alarmDescription: `there is no good backup of ${stack} of the last ${Math.round(lateSeconds / MINUTE)} min`,
    metricName: "GoodBackups",
    period,
    evaluationPeriods: Math.ceil(lateSeconds / period),
    comparisonOperator: "LessThanThreshold",
    threshold: 1,
    treatMissingData: "breaching",
  };
  return { failed, late };
}
