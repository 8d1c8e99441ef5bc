/** The resource graph of a stack, recorded under Pulumi's mocks: no engine, no plugin, no credentials. */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import program from "../../index.ts";

const PROJECT = "tristack";

/** One resource as it was registered. */
export interface Registered {
  type: string;
  name: string;
  /** Name of the component it belongs to, or "" at the top. */
  parent: string;
  /** Inputs; a secret is `{ secret: value }`. */
  inputs: Record<string, unknown>;
  protect: boolean;
  deleteBeforeReplace: boolean;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  /** Names of what it waits for. */
  dependencies: string[];
  /** Whether any resource hook is bound to it. */
  hooks: boolean;
}

export interface Graph {
  resources: Registered[];
  outputs: Record<string, unknown>;
}

export interface StackInput {
  stack: string;
  /** Settings by key, as they stand in the stack's file. */
  config: Record<string, unknown>;
  /** Top-level keys that hold encrypted values. */
  secretKeys?: string[];
  /** What the stack's last update exported. */
  lastOutputs?: Record<string, unknown>;
  /** Exit codes of one-shot containers by name's start; 0 where none is given. */
  exitCodes?: Record<string, number>;
  /** Log of one-shot containers. */
  log?: string;
}

/** The settings in a stack file, with the given ones over them. */
export function stackFile(file: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  const { config } = parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")) as {
    config: Record<string, unknown>;
  };
  const own = Object.entries(config).map(([key, value]) => [key.replace(`${PROJECT}:`, ""), value]);
  return { ...(Object.fromEntries(own) as Record<string, unknown>), ...over };
}

/** Runs the program for one stack and waits until every registration has settled. */
export async function buildGraph(input: StackInput): Promise<Graph> {
  const resources: Registered[] = [];
  return { resources, outputs: await run(input, resources) };
}

/** As `buildGraph`, for a program that must fail: its error, and what was registered all the same. */
export async function buildFailing(input: StackInput): Promise<{ resources: Registered[]; error: Error }> {
  const resources: Registered[] = [];
  // What waits for the failed Output fails, too, where nobody listens: the engine, not mocha, is to hear of it.
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", () => undefined);
  try {
    await run(input, resources);
  } catch (error) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { resources, error: error as Error };
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
  throw new Error("the program was expected to fail");
}

async function run(input: StackInput, resources: Registered[]): Promise<Record<string, unknown>> {
  await pulumi.runtime.setMocks(mocks(input), PROJECT, input.stack, false, "organization");
  const config = Object.entries(input.config).map(([key, value]) => [
    `${PROJECT}:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(
    Object.fromEntries(config) as Record<string, string>,
    (input.secretKeys ?? []).map((key) => `${PROJECT}:${key}`),
  );
  record(resources);

  const outputs = await plainValue(await program());
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  return outputs as Record<string, unknown>;
}

function mocks(input: StackInput): pulumi.runtime.Mocks {
  return {
    call: ({ token }) => (token === "aws:ec2/getAmi:getAmi" ? { id: "ami-debian" } : {}),
    newResource: ({ type, name, inputs }) => {
      const state = inputs as Record<string, unknown>;
      if (type === "pulumi:pulumi:StackReference") {
        return { id: name, state: { ...state, outputs: input.lastOutputs ?? {}, secretOutputNames: [] } };
      }
      if (type === "random:index/randomPassword:RandomPassword") {
        return { id: name, state: { ...state, result: pulumi.secret(`generated-for-${name}`) } };
      }
      const code = Object.entries(input.exitCodes ?? {}).find(([start]) => name.startsWith(start))?.[1] ?? 0;
      return {
        id: `${name}-id`,
        state: {
          name: `${name}-docker`,
          publicIp: "203.0.113.10",
          ...state,
          exitCode: code,
          containerLogs: input.log ?? "",
        },
      };
    },
  };
}

/** What Pulumi's mock monitor is asked to register, options included: the mocks themselves see only the inputs. */
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getProtect(): boolean;
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getDependenciesList(): string[];
  getHooks(): { toObject(): Record<string, string[]> } | undefined;
}

function record(resources: Registered[]): void {
  const monitor = (
    pulumi.runtime as unknown as { getMonitor(): { registerResource: (...args: never[]) => unknown } }
  ).getMonitor();
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (...args: never[]) => {
    const request = args[0] as unknown as RegisterRequest;
    resources.push({
      type: request.getType(),
      name: request.getName(),
      parent: request.getParent().split("::").at(-1) ?? "",
      inputs: unwrapped(request.getObject().toJavaScript()) as Record<string, unknown>,
      protect: request.getProtect(),
      deleteBeforeReplace: request.getDeletebeforereplace(),
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      dependencies: request.getDependenciesList().map((urn) => urn.split("::").at(-1) ?? ""),
      hooks: Object.values(request.getHooks()?.toObject() ?? {}).some((names) => names.length > 0),
    });
    return register(...args);
  };
}

/** Pulumi's marks for secrets on the wire: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  const object = value as Record<string, unknown>;
  if (object[SIGNATURE] === SECRET) return { secret: unwrapped(object.value) };
  return Object.fromEntries(Object.entries(object).map(([key, entry]) => [key, unwrapped(entry)]));
}

/** The value of an Output, or its error. */
function plainValue(value: unknown): Promise<unknown> {
  return (pulumi.output(value) as unknown as { promise(): Promise<unknown> }).promise();
}
