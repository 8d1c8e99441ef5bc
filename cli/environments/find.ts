/** The environments that a backend has: what is kept with each stack, read from wherever the command runs. */
import { basename } from "node:path";
import type { Backend } from "../backend.ts";
import { Engine } from "../engine.ts";
import type { Project } from "../project.ts";
import type { Deployment } from "../recovery.ts";
import { objectOf } from "../stack-settings.ts";
import { outputsOf } from "../stack-state.ts";
import { pullRequestIn } from "./names.ts";
import { ENVIRONMENT_TAG, type EnvironmentRecord, readRecord } from "./record.ts";

/** Stacks that are asked about at the same time: each is a process or two. */
const AT_ONCE = 4;

export interface Environment {
  /** As Pulumi knows it. */
  readonly stack: string;
  readonly name: string;
  readonly pullRequest: number | null;
  /** Null before its first release has ended. */
  readonly url: string | null;
  readonly version: string | null;
  /** Null of one that was not made by `environment up`. */
  readonly createdAt: string | null;
  /** When its state was last written; null before. */
  readonly updatedAt: string | null;
  /** Null where that is not known: nobody sweeps it for its time. */
  readonly expiresAt: string | null;
}

/** @returns them all, by name. Stacks of other kinds are left out. */
export async function findEnvironments(project: Project, backend: Backend): Promise<Environment[]> {
  const any = new Engine(project, "any", backend);
  const [all, tagged] = [await any.stacks(), await any.stacks(ENVIRONMENT_TAG)];
  const withTag = new Set(tagged.map(({ name }) => name));
  const found: Environment[] = [];
  const left = [...all];
  const work = async () => {
    for (let one = left.pop(); one; one = left.pop()) {
      const engine = new Engine(project, one.name, backend);
      const record = withTag.has(one.name) ? await readRecord(engine) : undefined;
      const state = (await engine.state()) ?? {};
      const environment = environmentOf(one.name, record, state, one.lastUpdate);
      if (environment) found.push(environment);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

/**
 * Whether a stack is an environment: `environment up` has made it, its last update was of the kind preview, or it has the
 * name of one and nothing in it, as after an `up` that was killed at once.
 */
export function environmentOf(
  stack: string,
  record: EnvironmentRecord | undefined,
  state: Deployment,
  updatedAt?: string,
): Environment | undefined {
  const outputs = outputsOf(state);
  const { kind } = objectOf(outputs.environment);
  // Of whatever else it is at its last update, no tag makes an environment.
  if (kind !== undefined && kind !== "preview") return undefined;
  const isEmpty = (state.resources ?? []).length === 0;
  const named = pullRequestIn(stack);
  if (!record && kind !== "preview" && !(isEmpty && named !== undefined)) return undefined;
  const { expiresAt } = outputs;
  return {
    stack,
    name: basename(stack),
    pullRequest: record?.pullRequest ?? named ?? null,
    url: textOf(objectOf(outputs.urls).web),
    version: textOf(objectOf(outputs.release).version),
    createdAt: record?.createdAt ?? null,
    updatedAt: updatedAt ?? null,
    expiresAt: record?.expiresAt ?? textOf(expiresAt),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
