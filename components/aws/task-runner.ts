/** The function that runs tasks in Fargate and waits for them (code/run-task.mjs), and what they have in common. */
import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Place } from "./network.ts";
import { ownFunction } from "./own-function.ts";
import type { Allowed } from "./policy-document.ts";

export interface TaskRunnerArgs {
  cluster: aws.ecs.Cluster;
  network: Place;
  /** Security group of the containers. */
  groupId: pulumi.Input<string>;
  /** Log of the function and of the containers. */
  logs: aws.cloudwatch.LogGroup;
  definitions: readonly aws.ecs.TaskDefinition[];
  /** Roles that the tasks are given. */
  roles: readonly pulumi.Input<string>[];
  /** Variables besides those that every runner has. @default none */
  variables?: Readonly<Record<string, pulumi.Input<string>>>;
  /** What it may do besides. @default nothing */
  allowed?: readonly Allowed[];
}

/** Longest time that Lambda lets a function wait. */
const MOST_SECONDS = 900;

export function taskRunner(name: string, args: TaskRunnerArgs, parent: pulumi.Resource): aws.lambda.Function {
  const { cluster, logs } = args;
  return ownFunction(
    name,
    {
      code: "run-task",
      logs,
      timeout: MOST_SECONDS,
      variables: {
        CLUSTER: cluster.arn,
        ...whereIn(args.network),
        SECURITY_GROUP: args.groupId,
        LOG_GROUP: logs.name,
        ...args.variables,
      },
      allowed: [
        {
          Sid: "ReadTheLogOfTheJobs",
          Action: ["logs:GetLogEvents"],
          Resource: pulumi.interpolate`${logs.arn}:*`,
        },
        {
          Sid: "StartTheJobs",
          Action: ["ecs:RunTask"],
          Resource: args.definitions.map(
            ({ arnWithoutRevision }) => pulumi.interpolate`${arnWithoutRevision}:*`,
          ),
          Condition: { ArnEquals: { "ecs:cluster": cluster.arn } },
        },
        {
          Sid: "WaitForTheJobs",
          Action: ["ecs:DescribeTasks"],
          Resource: cluster.arn.apply((arn) => `${arn.replace(":cluster/", ":task/")}/*`),
        },
        {
          Sid: "GiveThemTheirRole",
          Action: ["iam:PassRole"],
          Resource: args.roles,
          Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
        },
        ...(args.allowed ?? []),
      ],
    },
    parent,
  );
}

/** Without a way out of the private subnets there is one from the public ones, which costs while a job runs. */
function whereIn({ leadsOut, privateSubnetIds, publicSubnetIds }: Place) {
  return {
    SUBNETS: pulumi
      .output([...(leadsOut ? privateSubnetIds : publicSubnetIds)])
      .apply((ids) => ids.join(",")),
    // Without either they get no image.
    PUBLIC_ADDRESS: leadsOut ? "DISABLED" : "ENABLED",
  };
}

/** Where a container writes its log: in a stream `<container>/<container>/<task>`. */
export function logConfiguration(container: string, logs: aws.cloudwatch.LogGroup) {
  return {
    logDriver: "awslogs",
    options: {
      "awslogs-group": logs.name,
      "awslogs-region": logs.region,
      "awslogs-stream-prefix": container,
    },
  };
}

/** Variables as a container takes them. */
export function variables(all: Readonly<Record<string, string>>) {
  return Object.entries(all).map(([name, value]) => ({ name, value }));
}

/** Secrets as a container takes them: Fargate fills in what is at those ARNs. */
export function filledIn(arns: Readonly<Record<string, pulumi.Input<string>>>) {
  return Object.entries(arns).map(([name, valueFrom]) => ({ name, valueFrom }));
}

/** What a task runs on. */
export const runtimePlatform = (architecture: "arm64" | "x86_64") => ({
  cpuArchitecture: { arm64: "ARM64", x86_64: "X86_64" }[architecture],
  operatingSystemFamily: "LINUX",
});
