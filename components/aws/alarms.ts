/** What people are told of: errors, slowness, and a database that is about to be full. */
import * as pulumi from "@pulumi/pulumi";
import { type BackupAlarmsArgs, backupAlarms } from "./backup-alarms.ts";
import * as aws from "./sdk.ts";

export interface AlarmsArgs {
  /** ARN of the topic that is told. */
  topic: pulumi.Input<string>;
  apiId: pulumi.Input<string>;
  /** Names of the services' functions. */
  functions: Readonly<Record<string, pulumi.Input<string>>>;
  /** Left out, it is another stack's, and that one's alarms are about it. */
  database?: {
    instanceId: pulumi.Input<string>;
    instanceClass: string;
    /** GiB that it began with. */
    storage: number;
  };
  /** Left out, there are no backups of ours. */
  backup?: BackupAlarmsArgs;
}

type Alarm = Omit<aws.cloudwatch.MetricAlarmArgs, "alarmActions" | "okActions">;

/** The source document's limits: 5 % of errors, 2 s, 80 % of the CPU. */
const MOST_ERRORS_PERCENT = 5;
const MOST_P95_MILLISECONDS = 2000;
const MOST_CPU_PERCENT = 80;
/** Share of the storage that is left when it is time to look: RDS itself grows below a tenth. */
const LEAST_STORAGE_SHARE = 0.1;
const MOST_CONNECTIONS_SHARE = 0.8;

/** Bytes of memory for each connection that RDS allows: max_connections = DBInstanceClassMemory / 9531392. */
const BYTES_PER_CONNECTION = 9_531_392;
const GIBIBYTE = 2 ** 30;
/** Memory by size, GiB. https://aws.amazon.com/rds/instance-types/ */
const MEMORY: Readonly<Record<string, number>> = { micro: 1, small: 2, medium: 4, large: 8, xlarge: 16 };

const MINUTE = 60;

export class Alarms extends pulumi.ComponentResource {
  /** Name of the alarm that takes a release back. */
  readonly errors: pulumi.Output<string>;

  constructor(name: string, args: AlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Alarms", name, {}, opts);
    const alarm = (what: string, more: Alarm, dependsOn: pulumi.Resource[] = []) =>
      new aws.cloudwatch.MetricAlarm(
        `${name}-${what}`,
        { treatMissingData: "notBreaching", ...more, alarmActions: [args.topic], okActions: [args.topic] },
        { parent: this, dependsOn },
      );
    const api = { namespace: "AWS/ApiGateway", dimensions: { ApiId: args.apiId } };
    this.errors = alarm("errors", {
      alarmDescription: `more than ${MOST_ERRORS_PERCENT} % of requests fail`,
      comparisonOperator: "GreaterThanThreshold",
      threshold: MOST_ERRORS_PERCENT,
      evaluationPeriods: 1,
      metricQueries: [
        {
          id: "share",
          // No request at all is no error.
          expression: "IF(requests > 0, 100 * errors / requests, 0)",
          label: "errors, percent",
          returnData: true,
        },
        { id: "errors", metric: { ...api, metricName: "5xx", period: MINUTE, stat: "Sum" } },
        { id: "requests", metric: { ...api, metricName: "Count", period: MINUTE, stat: "Sum" } },
      ],
    }).name;
    alarm("slow", {
      alarmDescription: `of 20 requests one takes longer than ${MOST_P95_MILLISECONDS} ms`,
      ...api,
      metricName: "Latency",
      extendedStatistic: "p95",
      period: 5 * MINUTE,
      evaluationPeriods: 2,
      comparisonOperator: "GreaterThanThreshold",
      threshold: MOST_P95_MILLISECONDS,
    });
    for (const [service, functionName] of Object.entries(args.functions))
      alarm(`${service}-throttled`, {
        alarmDescription: `requests of ${service} are refused: the account's functions are at their limit`,
        namespace: "AWS/Lambda",
        dimensions: { FunctionName: functionName },
        metricName: "Throttles",
        statistic: "Sum",
        period: 5 * MINUTE,
        evaluationPeriods: 1,
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
      });
    if (args.database)
      for (const [what, one] of Object.entries(databaseAlarms(args.database))) alarm(`database-${what}`, one);
    if (args.backup)
      for (const [what, one] of Object.entries(backupAlarms(args.backup)))
        alarm(`backup-${what}`, one, [args.backup.first]);
    this.registerOutputs({ errors: this.errors });
  }
}

function databaseAlarms({ instanceId, instanceClass, storage }: NonNullable<AlarmsArgs["database"]>) {
  const of = {
    namespace: "AWS/RDS",
    dimensions: { DBInstanceIdentifier: instanceId },
    statistic: "Average",
    period: 5 * MINUTE,
  };
  const memory = MEMORY[instanceClass.split(".")[2] ?? ""];
  const connections =
    memory && Math.floor((memory * GIBIBYTE * MOST_CONNECTIONS_SHARE) / BYTES_PER_CONNECTION);
  return {
    cpu: {
      ...of,
      alarmDescription: `the database uses more than ${MOST_CPU_PERCENT} % of its CPU`,
      metricName: "CPUUtilization",
      evaluationPeriods: 3,
      comparisonOperator: "GreaterThanThreshold",
      threshold: MOST_CPU_PERCENT,
    },
    storage: {
      ...of,
      alarmDescription: "the database's storage is nearly full, and has not grown",
      metricName: "FreeStorageSpace",
      evaluationPeriods: 1,
      comparisonOperator: "LessThanThreshold",
      threshold: storage * GIBIBYTE * LEAST_STORAGE_SHARE,
      // A database that reports nothing is one that is not there.
      treatMissingData: "breaching",
    },
    // Of a size that is not in the table nobody knows how many there may be.
    ...(connections === undefined
      ? {}
      : {
          connections: {
            ...of,
            alarmDescription: `the database has more than ${connections} connections, four fifths of what it takes`,
            metricName: "DatabaseConnections",
            evaluationPeriods: 1,
            comparisonOperator: "GreaterThanThreshold",
            threshold: connections,
          },
        }),
  };
}
