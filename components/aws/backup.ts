/**
 * Backups of the database: dumps in a bucket of the stack's own, beside what RDS itself keeps. A task of Fargate makes,
 * tries and restores them; a function starts it, for the schedule, `tristack` and whoever else may call it.
 */
import * as pulumi from "@pulumi/pulumi";
import { KEEPER, type BackupTaskArgs, backupContainers, backupVolumes } from "./backup-task.ts";
import { Bucket } from "./bucket.ts";
import { executionRole } from "./execution-role.ts";
import { goingOut } from "./going-out.ts";
import { roleOf } from "./policy-document.ts";
import { scheduleExpression } from "../shared/eventbridge-schedule.ts";
import { seconds } from "../shared/units.ts";
import type { Place } from "./network.ts";
import * as aws from "./sdk.ts";
import { runtimePlatform, taskRunner } from "./task-runner.ts";

export interface BackupArgs extends Omit<BackupTaskArgs, "place" | "logs"> {
  region: string;
  architecture: "arm64" | "x86_64";
  network: Place;
  cluster: aws.ecs.Cluster;
  /** Days that the log is kept. */
  logDays: number;
  /** What takes the logs of who read the bucket. Left out, nobody asks. */
  accessLog?: Bucket;
  /** Whether Pulumi refuses to delete the bucket; without, it goes with all that is in it. */
  protect: boolean;
}

/** What compresses a dump, and the server of a drill, are one processor's work. */
const SIZE = { cpu: "1024", memory: "2048" } as const;
/** The most that Fargate has, for a dump and a database restored from it: 0.02 USD for each hour that a task runs. */
const DISK_GIB = 200;
const PREFIX = "database/";
/** Days that what the job has deleted can still be had: nothing here may delete a version. */
const KEPT_VERSIONS_DAYS = 14;
/** What an update waits for its first backup; a longer one goes on without it. */
const FIRST_SECONDS = 600;

export class Backup extends pulumi.ComponentResource {
  /** The part of the stack's outputs that says how backups are made and restored. */
  readonly output: pulumi.Output<{
    schedule: string;
    retentionDays: number;
    destination: string;
    run: { via: "lambda"; target: string; args: string[] };
    restore: { via: "lambda"; target: string; args: string[] };
  }>;
  /** Security group of the containers. */
  readonly groupId: pulumi.Output<string>;
  readonly #name: string;
  readonly #runner: aws.lambda.Function;

  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Backup", name, {}, opts);
    const within = { parent: this };
    const { plan, cluster, region } = args;
    this.groupId = goingOut(name, args.network.vpcId, "What backups reach", this);
    const logs = new aws.cloudwatch.LogGroup(name, { retentionInDays: args.logDays }, within);
    const { bucket } = new Bucket(
      name,
      {
        keepVersionsDays: KEPT_VERSIONS_DAYS,
        logs: args.accessLog,
        emptied: !args.protect,
        protect: args.protect,
      },
      within,
    );
    const secretArns = [args.database.urlArn, ...(args.pingArn === undefined ? [] : [args.pingArn])];
    const starting = executionRole(
      `${name}-start`,
      { images: Object.values(args.images), secretArns, logs },
      this,
    );
    const role = this.#taskRole(name, bucket);
    const family = `${pulumi.getProject()}-${pulumi.getStack()}-${name}`;
    const definition = new aws.ecs.TaskDefinition(
      name,
      {
        family,
        requiresCompatibilities: ["FARGATE"],
        networkMode: "awsvpc",
        ...SIZE,
        ephemeralStorage: { sizeInGib: DISK_GIB },
        runtimePlatform: runtimePlatform(args.architecture),
        executionRoleArn: starting,
        taskRoleArn: role,
        volumes: backupVolumes,
        containerDefinitions: backupContainers({
          ...args,
          place: { bucket: bucket.id, prefix: PREFIX, region },
          logs,
        }),
      },
      within,
    );
    this.#runner = taskRunner(
      name,
      {
        cluster,
        network: args.network,
        groupId: this.groupId,
        logs,
        definitions: [definition],
        roles: [starting, role],
        variables: { FAMILY: family, TASK_DEFINITION: definition.arn, CONTAINER: KEEPER },
        allowed: [
          {
            // AWS takes no names for this one: the cluster is the condition.
            Sid: "SeeWhetherOneRuns",
            Action: ["ecs:ListTasks"],
            Resource: "*",
            Condition: { ArnEquals: { "ecs:cluster": cluster.arn } },
          },
        ],
      },
      this,
    );
    this.#scheduled(name, { [name]: [plan.schedule, "now"], [`${name}-drill`]: [plan.drill, "drill"] }, plan);

    const call = (command: string) => ({ via: "lambda" as const, target: this.#runner.arn, args: [command] });
    this.output = pulumi.output({
      schedule: plan.schedule,
      retentionDays: plan.retentionDays,
      destination: pulumi.interpolate`s3://${bucket.id}/${PREFIX}`,
      run: call("now"),
      restore: call("prepare"),
    });
    this.#name = name;
    this.registerOutputs({ output: this.output });
  }

  /** Makes the first backup within the update: one that cannot be made is told at once, and not the next night. */
  first(dependsOn: pulumi.Input<pulumi.Resource>[]): aws.lambda.Invocation {
    return new aws.lambda.Invocation(
      `${this.#name}-first`,
      {
        functionName: this.#runner.name,
        input: JSON.stringify({ args: ["now"], seconds: FIRST_SECONDS }),
      },
      { parent: this, dependsOn },
    );
  }

  /** Of the containers, which are one to IAM. */
  #taskRole(name: string, { arn }: aws.s3.Bucket): pulumi.Output<string> {
    return roleOf(
      `${name}-task`,
      "ecs-tasks.amazonaws.com",
      [
        {
          Sid: "KeepTheBackups",
          Action: ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"],
          Resource: pulumi.interpolate`${arn}/${PREFIX}*`,
        },
        {
          Sid: "ListTheBackups",
          Action: ["s3:ListBucket"],
          Resource: arn,
          Condition: { StringLike: { "s3:prefix": `${PREFIX}*` } },
        },
      ],
      this,
    );
  }

  #scheduled(
    name: string,
    commands: Readonly<Record<string, readonly [schedule: string, command: string]>>,
    { lateAfter }: BackupArgs["plan"],
  ): void {
    const roleArn = roleOf(
      `${name}-schedule`,
      "scheduler.amazonaws.com",
      [{ Sid: "StartTheBackups", Action: ["lambda:InvokeFunction"], Resource: this.#runner.arn }],
      this,
    );
    for (const [own, [schedule, command]] of Object.entries(commands))
      new aws.scheduler.Schedule(
        own,
        {
          scheduleExpression: scheduleExpression(schedule),
          scheduleExpressionTimezone: "UTC",
          flexibleTimeWindow: { mode: "OFF" },
          target: {
            arn: this.#runner.arn,
            roleArn,
            // Whoever waits for a function is the one that pays for it: the alarms hear of the end.
            input: JSON.stringify({ args: [command], seconds: 0 }),
            retryPolicy: { maximumEventAgeInSeconds: Math.max(60, Math.min(86_400, seconds(lateAfter))) },
          },
        },
        { parent: this },
      );
  }
}
