/**
 * Fargate as far as a task definition goes: its containers run by Docker as it says, in one network namespace, on volumes
 * that belong to root, with keys that an address lends them. What AWS adds by itself is played; what is in them is not.
 */
import { randomBytes } from "node:crypto";
import { type Server, createServer } from "node:http";
import { LABEL } from "../../components/shared/labels.ts";
import { PROJECT } from "./e2e-clone.ts";
import { run } from "./e2e-command.ts";
import { docker } from "./e2e-engine.ts";

interface Container {
  readonly name: string;
  readonly image: string;
  readonly user: string;
  readonly entryPoint: readonly [string, ...string[]];
  readonly command?: readonly string[];
  readonly readonlyRootFilesystem: boolean;
  readonly linuxParameters: {
    readonly capabilities: { readonly drop: readonly string[] };
    readonly initProcessEnabled: boolean;
  };
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly secrets: readonly { readonly name: string; readonly valueFrom: string }[];
  readonly mountPoints: readonly { readonly sourceVolume: string; readonly containerPath: string }[];
  readonly dependsOn?: readonly { readonly containerName: string; readonly condition: "START" }[];
}

export interface TaskDefinition {
  readonly containerDefinitions: readonly Container[];
  readonly volumes: readonly { readonly name: string }[];
}

export interface FargateArgs {
  /** What is to be run: asked for at each start, so that a test may change it. */
  readonly definition: () => TaskDefinition;
  /** Image that stands in for another one. */
  readonly imageOf: (image: string) => string;
  /** Variables that lead elsewhere than at AWS, by container. */
  readonly variables: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The value of a secret by its ARN. */
  readonly secretOf: (arn: string) => string;
  /** Keys of the task's role, as ECS gives them. */
  readonly lend: () => Promise<object>;
}

export interface Task {
  readonly id: string;
  status: "PENDING" | "RUNNING" | "STOPPED";
  readonly exitCodes: Record<string, number>;
  readonly logs: Record<string, string[]>;
}

/** Where ECS lends keys, to every container: the gateway of the tasks' network, which is this machine. */
const ADDRESS = "169.254.170.2";
const SUBNET = "169.254.170.0/24";
const NETWORK = "tristack-e2e-fargate";
const OWN = ["--label", `${LABEL.project}=${PROJECT}`];
const LONGEST_SECONDS = 1800;

export class Fargate {
  readonly network = NETWORK;
  /** This machine, as a task sees it. */
  readonly address = ADDRESS;
  readonly tasks: Task[] = [];
  /** What is served at the address besides keys, by path. */
  readonly files: Record<string, string> = {};
  readonly #args: FargateArgs;
  #server: Server | undefined;

  constructor(args: FargateArgs) {
    this.#args = args;
  }

  async start(): Promise<void> {
    await docker("network", "create", ...OWN, "--subnet", SUBNET, "--gateway", ADDRESS, NETWORK);
    const server = createServer((request, response) => {
      const path = request.url ?? "";
      const task = this.tasks.find(({ id }) => path === credentialsOf(id));
      const text = task
        ? this.#args.lend().then((keys) => JSON.stringify(keys))
        : Promise.resolve(this.files[path]);
      void text.then((found) => response.writeHead(found === undefined ? 404 : 200).end(found));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(80, ADDRESS, resolve);
    });
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve(undefined)));
    await docker("network", "rm", NETWORK);
  }

  /** Starts a task, whose container of that name gets another command. */
  begin(container: string, command: readonly string[] | undefined): Task {
    const task: Task = { id: randomBytes(16).toString("hex"), status: "PENDING", exitCodes: {}, logs: {} };
    this.tasks.push(task);
    void this.#run(task, container, command).catch((error: unknown) => {
      (task.logs[container] ??= []).push(`the test could not run it: ${String(error)}`);
      task.status = "STOPPED";
    });
    return task;
  }

  async #run(task: Task, told: string, command: readonly string[] | undefined): Promise<void> {
    const { containerDefinitions, volumes } = this.#args.definition();
    const containers = inOrder(containerDefinitions);
    // One network namespace for all: that of the first.
    const networkOf = (index: number) =>
      index === 0 ? NETWORK : `container:${task.id}-${containers[0]?.name}`;
    for (const { name } of volumes) await docker("volume", "create", ...OWN, `${task.id}-${name}`);
    try {
      for (const [index, one] of containers.entries())
        await started(this.#commandOf(task, one, networkOf(index), one.name === told ? command : undefined));
      task.status = "RUNNING";
      // Each is essential: when one ends, the others are told to.
      await Promise.race(containers.map(({ name }) => waitFor(`${task.id}-${name}`)));
      for (const { name } of containers) await docker("stop", "--time", "30", `${task.id}-${name}`);
      for (const { name } of containers) {
        task.exitCodes[name] = await waitFor(`${task.id}-${name}`);
        const { all } = await run("docker", ["logs", `${task.id}-${name}`], { cwd: "/" });
        // CloudWatch takes no empty lines.
        task.logs[name] = all.split("\n").filter((line) => line !== "");
      }
    } finally {
      for (const { name } of containers)
        await run("docker", ["rm", "--force", "--volumes", `${task.id}-${name}`], { cwd: "/" });
      for (const { name } of volumes)
        await run("docker", ["volume", "rm", "--force", `${task.id}-${name}`], { cwd: "/" });
    }
    task.status = "STOPPED";
  }

  #commandOf({ id }: Task, one: Container, network: string, command = one.command ?? []): string[] {
    const variables = {
      ...Object.fromEntries(one.environment.map(({ name, value }) => [name, value])),
      ...Object.fromEntries(one.secrets.map(({ name, valueFrom }) => [name, this.#args.secretOf(valueFrom)])),
      ...this.#args.variables[one.name],
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: credentialsOf(id),
    };
    const [program, ...words] = one.entryPoint;
    return [
      "run",
      "--detach",
      ...["--name", `${id}-${one.name}`, ...OWN, "--user", one.user, "--entrypoint", program],
      ...["--network", network],
      ...(one.readonlyRootFilesystem ? ["--read-only"] : []),
      ...(one.linuxParameters.initProcessEnabled ? ["--init"] : []),
      ...one.linuxParameters.capabilities.drop.flatMap((name) => ["--cap-drop", name]),
      // Not what Docker would copy from the image: Fargate does that for paths alone that the image calls volumes.
      ...one.mountPoints.flatMap(({ sourceVolume, containerPath }) => [
        "--mount",
        `type=volume,source=${id}-${sourceVolume},target=${containerPath},volume-nocopy`,
      ]),
      ...Object.entries(variables).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
      this.#args.imageOf(one.image),
      ...words,
      ...command,
    ];
  }
}

function credentialsOf(task: string): string {
  return `/v2/credentials/${task}`;
}

/** What another one depends on comes first. */
function inOrder(containers: readonly Container[]): readonly Container[] {
  const depth = ({ dependsOn = [] }: Container): number =>
    Math.max(
      0,
      ...dependsOn.flatMap(({ containerName }) =>
        containers.filter(({ name }) => name === containerName).map((one) => 1 + depth(one)),
      ),
    );
  return [...containers].sort((a, b) => depth(a) - depth(b));
}

/** As `docker`, which would tell the whole script where it fails. */
async function started(command: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run("docker", command, { cwd: "/" });
  if (exitCode !== 0) throw new Error(`docker run: ${stderr}`);
}

async function waitFor(container: string): Promise<number> {
  const ran = await run("docker", ["wait", container], { cwd: "/", timeoutSeconds: LONGEST_SECONDS });
  return Number(ran.stdout.trim());
}
