/**
 * AWS' address for a test: calls of one function run its own code, the tasks that it starts are Docker's to run, and what
 * is not about these is moto's to answer.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fargate, Task } from "./e2e-fargate.ts";
import { OwnFunction } from "./e2e-own-function.ts";
import type { Moto } from "./e2e-moto.ts";

type Input = Readonly<Record<string, unknown>>;

export interface AwsDoorArgs {
  /** ARN of the function, its file in components/aws/code, and its variables. */
  readonly arn: string;
  readonly code: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly fargate: Fargate;
  readonly moto: Moto;
}

const JSON_TYPE = { "content-type": "application/x-amz-json-1.1" };

export class AwsDoor {
  readonly port: number;
  /** What moto was asked, in order: method and path. */
  readonly forwarded: string[] = [];
  readonly #args: AwsDoorArgs;
  readonly #server: Server;
  readonly #function: OwnFunction;

  private constructor(server: Server, args: AwsDoorArgs) {
    this.#server = server;
    this.#args = args;
    this.port = (server.address() as AddressInfo).port;
    this.#function = new OwnFunction(args.code, {
      ...args.variables,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${this.port}`,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "function",
      AWS_SECRET_ACCESS_KEY: "function",
    });
  }

  static async open(args: AwsDoorArgs): Promise<AwsDoor> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const door = new AwsDoor(server, args);
    server.on("request", (request, response) => {
      door.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500, JSON_TYPE).end(JSON.stringify({ message: String(error) }));
      });
    });
    return door;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const path = decodeURIComponent(request.url ?? "");
    const action = String(request.headers["x-amz-target"] ?? "");
    if (path.startsWith(`/2015-03-31/functions/${this.#args.arn}/invocations`)) {
      const { failed, answer } = await this.#function.call(JSON.parse(body.toString()));
      const failure = failed ? { "x-amz-function-error": "Unhandled" } : {};
      response.writeHead(200, { ...JSON_TYPE, ...failure }).end(JSON.stringify(answer));
    } else if (/ContainerService|^Logs_/.test(action)) {
      const input = JSON.parse(body.toString()) as Input;
      const answer = answerOf(this.#args.fargate, action.split(".").at(-1) ?? "", input);
      response.writeHead(200, JSON_TYPE).end(JSON.stringify(answer));
    } else {
      this.forwarded.push(`${request.method} ${path}`);
      const given = await forwarded(this.#args.moto, request, body);
      const type = given.headers.get("content-type") ?? "application/json";
      response.writeHead(given.status, { "content-type": type }).end(Buffer.from(await given.arrayBuffer()));
    }
  }

  async close(): Promise<void> {
    await this.#function.stop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** ECS and CloudWatch Logs, as far as the function asks them. */
function answerOf(fargate: Fargate, action: string, input: Input): object {
  const { tasks } = fargate;
  if (action === "RunTask") {
    const [override] = (input.overrides as Overrides | undefined)?.containerOverrides ?? [];
    return { tasks: [toldOf(fargate.begin(override?.name ?? "", override?.command))] };
  }
  if (action === "DescribeTasks") {
    const asked = input.tasks as string[];
    return { tasks: tasks.filter((task) => asked.includes(arnOf(task))).map(toldOf) };
  }
  if (action === "ListTasks")
    return { taskArns: tasks.filter(({ status }) => status !== "STOPPED").map(arnOf) };
  if (action !== "GetLogEvents") throw new Error(`nobody answers ${action} here`);
  const [container = "", , id] = String(input.logStreamName).split("/");
  const lines = tasks.find((task) => task.id === id)?.logs[container] ?? [];
  const last = lines.slice(-Number(input.limit ?? lines.length));
  const events = input.nextToken === undefined ? last : [];
  return { events: events.map((message) => ({ message })), nextForwardToken: "f/end" };
}

interface Overrides {
  readonly containerOverrides?: readonly { readonly name: string; readonly command: readonly string[] }[];
}

function arnOf({ id }: Task): string {
  return `arn:aws:ecs:eu-central-1:123456789012:task/jobs/${id}`;
}

function toldOf(task: Task): object {
  return {
    taskArn: arnOf(task),
    lastStatus: task.status,
    stoppedReason: task.status === "STOPPED" ? "Essential container in task exited" : undefined,
    containers: Object.entries(task.exitCodes).map(([name, exitCode]) => ({ name, exitCode })),
  };
}

function forwarded({ port }: Moto, request: IncomingMessage, body: Buffer): Promise<Response> {
  const headers = { authorization: request.headers.authorization ?? "", "content-type": "application/json" };
  const { method = "GET", url = "" } = request;
  const withBody = body.length > 0 ? { body: new Uint8Array(body) } : {};
  return fetch(`http://127.0.0.1:${port}${url}`, { method, headers, ...withBody });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
