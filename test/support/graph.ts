/** The resource graph of a stack, recorded under Pulumi's mocks: no engine, no plugin, no credentials. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { CALLS, madeOf } from "../../cli/render/answers.ts";
import { type Registered, record } from "../../cli/render/recorder.ts";
import program from "../../index.ts";

export type { Registered };

const PROJECT = "tristack";

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

/** Finds resources by type in a graph that a test has made by then, or in another one. */
export function finderIn(usual: () => Graph) {
  const all = (type: string, of = usual()) => of.resources.filter((one) => one.type === type);
  /** The one of its type: that there is one alone is part of the test. */
  const only = (type: string, of = usual()): Registered => {
    const found = all(type, of);
    assert.equal(found.length, 1, type);
    return found[0] as Registered;
  };
  return { all, only };
}

/** Runs the program, or another one, for one stack and waits until every registration has settled. */
export async function buildGraph(input: StackInput, of: Program = program): Promise<Graph> {
  const resources: Registered[] = [];
  return { resources, outputs: await run(input, resources, of) };
}

/** What Pulumi runs. */
type Program = () => unknown;

/** As `buildGraph`, for a program that must fail: its error, and what was registered all the same. */
export async function buildFailing(input: StackInput): Promise<{ resources: Registered[]; error: Error }> {
  const resources: Registered[] = [];
  // What waits for the failed Output fails, too, where nobody listens: the engine, not mocha, is to hear of it.
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", () => undefined);
  try {
    await run(input, resources, program);
  } catch (error) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { resources, error: error as Error };
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
  throw new Error("the program was expected to fail");
}

async function run(
  input: StackInput,
  resources: Registered[],
  of: Program,
): Promise<Record<string, unknown>> {
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

  const outputs = await plainValue(await of());
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  return outputs as Record<string, unknown>;
}

function mocks(input: StackInput): pulumi.runtime.Mocks {
  return {
    call: ({ token }) => CALLS[token] ?? {},
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
          ...madeOf(type, name),
          ...state,
          exitCode: code,
          containerLogs: input.log ?? "",
        },
      };
    },
  };
}

/** The value of an Output, or its error. */
function plainValue(value: unknown): Promise<unknown> {
  return (pulumi.output(value) as unknown as { promise(): Promise<unknown> }).promise();
}
