/**
 * Commands that run once and end, such as migrations: containers of Fargate, which have the images, the time and the
 * network for them. A function starts each and waits, so that an update of Pulumi's can do it, and a schedule, too.
 */
import * as pulumi from "@pulumi/pulumi";
import { executionRole } from "./execution-role.ts";
import { goingOut } from "./going-out.ts";
import type { Place } from "./network.ts";
import * as aws from "./sdk.ts";
import { filledIn, logConfiguration, runtimePlatform, taskRunner, variables } from "./task-runner.ts";

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

export class Jobs extends pulumi.ComponentResource {
  /** Security group of the containers. */
  readonly groupId: pulumi.Output<string>;
  /** What they run in, and others may. */
  readonly cluster: aws.ecs.Cluster;
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
    const all = Object.values(args.jobs);
    const role = executionRole(
      `${name}-start`,
      {
        images: all.map(({ image }) => image),
        secretArns: all.flatMap(({ secretArns }) => Object.values(secretArns)),
        logs,
      },
      this,
    );
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
            runtimePlatform: runtimePlatform(settings.architecture),
            // Of the agent that starts it: the container itself may do nothing at AWS.
            executionRoleArn: role,
            volumes: [{ name: "tmp" }],
            containerDefinitions: pulumi.jsonStringify([containerOf(job, settings, logs)]),
          },
          within,
        ),
      ]),
    );
    this.#runner = taskRunner(
      name,
      {
        cluster,
        network,
        groupId: this.groupId,
        logs,
        definitions: Object.values(this.#definitions),
        roles: [role],
      },
      this,
    );
    this.cluster = cluster;
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
    environment: variables(environment),
    secrets: filledIn(secretArns),
    logConfiguration: logConfiguration(job, logs),
  };
}
