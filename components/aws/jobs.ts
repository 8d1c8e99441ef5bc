/**
 * Commands that run once and end, such as migrations: containers of Fargate, which have the images, the time and the
 * network for them. A function starts each and waits, so that an update of Pulumi's can do it, and a schedule, too.
 */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { goingOut } from "./going-out.ts";
import type { Place } from "./network.ts";
import { ownFunction } from "./own-function.ts";
import { roleOf, writesTo } from "./policy-document.ts";

export interface JobsArgs {
  network: Place;
  /** Security group of the containers. @default one of their own, which goes out */
  groupId?: pulumi.Input<string>;
  /** Jobs by name. */
  jobs: Readonly<Record<string, Job>>;
  /** Days that their log is kept. */
  logDays: number;
}

export interface Job {
  image: string;
  command: readonly string[];
  architecture: "arm64" | "x86_64";
  environment: Readonly<Record<string, string>>;
  /** ARNs in Secrets Manager by the name of the variable that the container gets. */
  secretArns: Readonly<Record<string, pulumi.Input<string>>>;
}

/** Sizes of Fargate: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html */
const SIZE = { cpu: "512", memory: "1024" } as const;
const NAME_AT_ECS = { arm64: "ARM64", x86_64: "X86_64" } as const;
/** Longest time that Lambda lets a function wait. */
const MOST_SECONDS = 900;

export class Jobs extends pulumi.ComponentResource {
  /** Security group of the containers. */
  readonly groupId: pulumi.Output<string>;
  readonly #runner: aws.lambda.Function;
  readonly #definitions: Readonly<Record<string, aws.ecs.TaskDefinition>>;

  constructor(name: string, args: JobsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Jobs", name, {}, opts);
    const within = { parent: this };
    const { network } = args;
    this.groupId = pulumi.output(args.groupId ?? goingOut(name, network.vpcId, "What jobs reach", this));
    const cluster = new aws.ecs.Cluster(
      name,
      { settings: [{ name: "containerInsights", value: "enabled" }] },
      within,
    );
    const logs = new aws.cloudwatch.LogGroup(name, { retentionInDays: args.logDays }, within);
    const executionRole = this.#executionRole(name, args, logs);
    this.#definitions = Object.fromEntries(
      Object.entries(args.jobs).map(([job, settings]) => [
        job,
        new aws.ecs.TaskDefinition(
          `${name}-${job}`,
          {
            family: `${pulumi.getProject()}-${pulumi.getStack()}-${job}`,
            requiresCompatibilities: ["FARGATE"],
            networkMode: "awsvpc",
            ...SIZE,
            runtimePlatform: {
              cpuArchitecture: NAME_AT_ECS[settings.architecture],
              operatingSystemFamily: "LINUX",
            },
            // Of the agent that starts it: the container itself may do nothing at AWS.
            executionRoleArn: executionRole,
            volumes: [{ name: "tmp" }],
            containerDefinitions: pulumi.jsonStringify([containerOf(job, settings, logs)]),
          },
          within,
        ),
      ]),
    );
    this.#runner = ownFunction(
      name,
      {
        code: "run-task",
        logs,
        timeout: MOST_SECONDS,
        variables: {
          CLUSTER: cluster.arn,
          ...whereIn(network),
          SECURITY_GROUP: this.groupId,
          LOG_GROUP: logs.name,
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
            Resource: Object.values(this.#definitions).map(
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
            Resource: executionRole,
            Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
          },
        ],
      },
      this,
    );
    this.registerOutputs({});
  }

  /** Runs a job within an update: once for each form of it, such as once for each image. */
  run(job: string, dependsOn: pulumi.Input<pulumi.Resource>[]): aws.lambda.Invocation {
    return this.#invocation(job, dependsOn);
  }

  /** Runs a job when the stack is destroyed, and not before: in the form that it has then. */
  runAtEnd(job: string, dependsOn: pulumi.Input<pulumi.Resource>[]): aws.lambda.Invocation {
    // The function is asked in an update, too, and does nothing then: see code/run-task.mjs.
    return this.#invocation(job, dependsOn, { lifecycleScope: "CRUD", terraformKey: "lifecycle" });
  }

  #invocation(
    job: string,
    dependsOn: pulumi.Input<pulumi.Resource>[],
    when: Pick<aws.lambda.InvocationArgs, "lifecycleScope" | "terraformKey"> = {},
  ): aws.lambda.Invocation {
    const definition = this.#definitions[job];
    if (!definition) throw new Error(`no job of the name ${job}`);
    return new aws.lambda.Invocation(
      job,
      {
        functionName: this.#runner.name,
        // The revision changes with whatever the job is made of.
        input: pulumi.jsonStringify({ taskDefinition: definition.arn, container: job }),
        ...when,
      },
      { parent: this, dependsOn },
    );
  }

  #executionRole(name: string, { jobs }: JobsArgs, logs: aws.cloudwatch.LogGroup): pulumi.Output<string> {
    const images = [...new Set(Object.values(jobs).flatMap(({ image }) => repositoryArn(image) ?? []))];
    const arns = Object.values(jobs).flatMap(({ secretArns }) => Object.values(secretArns));
    return roleOf(
      `${name}-start`,
      "ecs-tasks.amazonaws.com",
      [
        writesTo(logs),
        // AWS takes no names for this one.
        { Sid: "LogInToTheRegistry", Action: ["ecr:GetAuthorizationToken"], Resource: "*" },
        ...(images.length > 0
          ? [
              {
                Sid: "PullTheirImages",
                Action: [
                  "ecr:BatchCheckLayerAvailability",
                  "ecr:BatchGetImage",
                  "ecr:GetDownloadUrlForLayer",
                ],
                Resource: images,
              },
            ]
          : []),
        ...(arns.length > 0
          ? [{ Sid: "ReadTheirSecrets", Action: ["secretsmanager:GetSecretValue"], Resource: arns }]
          : []),
      ],
      this,
    );
  }
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

function containerOf(
  job: string,
  { image, command, environment, secretArns }: Job,
  logs: aws.cloudwatch.LogGroup,
) {
  return {
    name: job,
    image,
    command,
    essential: true,
    readonlyRootFilesystem: true,
    mountPoints: [{ sourceVolume: "tmp", containerPath: "/tmp" }],
    environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
    secrets: Object.entries(secretArns).map(([name, valueFrom]) => ({ name, valueFrom })),
    logConfiguration: {
      logDriver: "awslogs",
      options: {
        "awslogs-group": logs.name,
        "awslogs-region": logs.region,
        "awslogs-stream-prefix": job,
      },
    },
  };
}

/** ARN of the repository in ECR that an image is of; undefined for images of elsewhere. */
function repositoryArn(image: string): string | undefined {
  const found = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)/.exec(image);
  return found ? `arn:aws:ecr:${found[2]}:${found[1]}:repository/${found[3]}` : undefined;
}
