/** What the cases of the workflows' scripts have in common: their form, and what GitHub knows of a run. */
import type { Contexts } from "../expressions.ts";
import type { StepOptions, StepRan } from "../step-runner.ts";

export interface StepCase {
  readonly title: string;
  readonly options?: StepOptions;
  /** @default 0 */
  readonly exitCode?: number;
  /** Calls of stand-ins, in their order; not asked where left out. */
  readonly calls?: readonly string[];
  readonly check?: (ran: StepRan) => void;
}

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";
export const VERSION = COMMIT.slice(0, 12);
export const DIGEST = (digit: string) => `sha256:${digit.repeat(64)}`;
export const BASE = "f".repeat(40);

/** What GitHub knows of a run of a pull request, a deploy and so on: each step takes what it needs. */
export const contexts: Contexts = {
  github: {
    repository: "acme/shop",
    repository_owner: "Acme",
    server_url: "https://github.com",
    run_id: 99,
    actor: "ann",
    token: "ghs_token",
    event: { pull_request: { number: 7, base: { sha: BASE }, head: { sha: COMMIT } } },
  },
  inputs: { stack: "production", release: "", commit: COMMIT },
  matrix: { stack: "staging", service: "api" },
  needs: {
    ci: { outputs: { version: VERSION, web: DIGEST("a"), api: DIGEST("b") } },
    images: { outputs: { version: VERSION, web: DIGEST("a"), api: DIGEST("b") } },
    staging: { outputs: { url: "https://staging.example.com" } },
    up: {
      result: "success",
      outputs: { url: "https://pr-7.example.com", expires: "2026-12-03T00:00:00.000Z" },
    },
    look: { result: "success" },
  },
  job: { status: "success" },
};

export const changed = (more: Contexts): Contexts => ({
  ...contexts,
  ...Object.fromEntries(
    Object.entries(more).map(([name, value]) => [
      name,
      { ...(contexts[name] as object), ...(value as object) },
    ]),
  ),
});

/** A step that does no more than one call. */
export const calls = (title: string, call: string, more: Partial<StepCase> = {}): StepCase => ({
  title,
  calls: [call],
  ...more,
});

/** Whatever the command says, its failure is the step's. */
export const fails = (call: string, exitCode = 1, options: StepOptions = {}): StepCase => ({
  title: `fails as ${call.split(" ").slice(1, 4).join(" ")} does`,
  options: { ...options, answers: { [call]: { exitCode } } },
  exitCode,
});

export const REPORT = "npx tristack report";

/** Contexts after the step that makes the names. */
export function named(more: object = {}): Contexts {
  const outputs = { registry: "ghcr.io", repository: "ghcr.io/acme/api", version: VERSION };
  return { ...contexts, steps: { names: { outputs }, ...more } };
}
