/** The workflows of .github, read as GitHub reads them. */
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";
import { type Contexts, holds } from "./expressions.ts";

export const ROOT = join(import.meta.dirname, "..", "..");

export interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly "working-directory"?: string;
}

export interface Concurrency {
  readonly group: string;
  readonly "cancel-in-progress": boolean | string;
}

export interface Job {
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly secrets?: unknown;
  readonly "timeout-minutes"?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string | { readonly name: string; readonly url?: string };
  readonly concurrency?: Concurrency;
  readonly env?: Readonly<Record<string, string>>;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}

export interface Workflow {
  readonly file: string;
  readonly text: string;
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly defaults?: { readonly run: { readonly shell: string } };
  readonly concurrency?: Concurrency;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** A step, and where it stands. */
export interface Placed {
  /** `deploy/staging/Deploy`; of an action `setup/Packages`. */
  readonly key: string;
  readonly step: Step;
  /** Variables of the job. */
  readonly env: Readonly<Record<string, string>>;
}

function read<T extends object>(file: string): T & { file: string; text: string } {
  const text = readFileSync(join(ROOT, file), "utf8");
  return { ...(parse(text) as T), file, text };
}

export const workflows: readonly Workflow[] = globSync(".github/workflows/*.yml", { cwd: ROOT })
  .sort()
  .map((file) => read<Workflow>(file));

export const actions = globSync(".github/actions/*/action.yml", { cwd: ROOT })
  .sort()
  .map((file) => read<{ runs: { steps: readonly Step[] } }>(file));

export function workflow(name: string): Workflow {
  const found = workflows.find(({ file }) => basename(file, ".yml") === name);
  if (!found) throw new Error(`There is no workflow ${name}`);
  return found;
}

/** All steps of workflows and actions. */
export const steps: readonly Placed[] = [
  ...workflows.flatMap(({ file, jobs }) =>
    Object.entries(jobs).flatMap(([id, job]) =>
      (job.steps ?? []).map((step) => ({
        key: `${basename(file, ".yml")}/${id}/${step.name ?? ""}`,
        step,
        env: job.env ?? {},
      })),
    ),
  ),
  ...actions.flatMap(({ file, runs }) =>
    runs.steps.map((step) => ({ key: `${basename(dirname(file))}/${step.name ?? ""}`, step, env: {} })),
  ),
];

export function needsOf({ needs = [] }: Job): readonly string[] {
  return typeof needs === "string" ? [needs] : needs;
}

export type Result = "success" | "failure" | "skipped";

/**
 * What becomes of each job.
 * @param ends of jobs that do not succeed where they run
 * @param outputs of jobs
 */
export function resultsOf(
  { jobs }: Workflow,
  contexts: Contexts,
  ends: Readonly<Record<string, Result>> = {},
  outputs: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): Record<string, Result> {
  const results: Record<string, Result> = {};
  const resultOf = (id: string): Result => (results[id] ??= runs(id) ? (ends[id] ?? "success") : "skipped");
  const before = (id: string): string[] => {
    const own = jobs[id] ? needsOf(jobs[id]) : [];
    return [...own, ...own.flatMap(before)];
  };
  function runs(id: string): boolean {
    const job = jobs[id];
    if (!job) throw new Error(`needs: ${id} is no job`);
    // Of all before it, not only of those that it names: what follows a job that was skipped is skipped as well.
    const all = before(id).map(resultOf);
    const needs = Object.fromEntries(
      needsOf(job).map((need) => [need, { result: resultOf(need), outputs: outputs[need] ?? {} }]),
    );
    const status = {
      success: all.every((result) => result === "success"),
      failure: all.includes("failure"),
    };
    return holds(job.if, { ...contexts, needs }, status);
  }
  for (const id of Object.keys(jobs)) resultOf(id);
  return results;
}
