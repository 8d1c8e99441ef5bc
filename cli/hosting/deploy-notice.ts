/** What a notice says of a deploy: the outcome that `tristack deploy --json` printed. */
import type { Released } from "../release.ts";
import { badInput } from "../errors.ts";
import type { Notice } from "./slack.ts";

export type Outcome = Pick<Released, "stack" | "version" | "before" | "runs" | "lastDeploy" | "warnings">;

/** @returns undefined where there is nothing: it failed before there was an outcome. @throws CliError, exit code 2, if it is none. */
export function outcomeIn(text: string, file: string): Outcome | undefined {
  if (text.trim() === "") return undefined;
  const need = "needs what `tristack deploy --json` or `tristack rollback --json` printed";
  try {
    const outcome = JSON.parse(text) as Partial<Outcome> | null;
    if (typeof outcome?.stack === "string" && typeof outcome.lastDeploy?.passed === "boolean")
      return outcome as Outcome;
  } catch {
    throw badInput(`--deploy: ${file} is no JSON; ${need}`);
  }
  throw badInput(`--deploy: ${file} is no outcome; ${need}`);
}

export function deployNotice({
  stack,
  version,
  before,
  runs,
  lastDeploy,
  warnings,
}: Outcome): Omit<Notice, "link"> {
  const { passed, kind, reason, proof } = lastDeploy;
  const now = runs ?? before;
  const title = passed
    ? `${stack}: ${version} serves${kind === "rollback" ? " again" : ""}`
    : `${stack}: ${version} did not pass${now === null ? "" : `, ${now} serves`}`;
  const { requests, failed, retried, seconds } = proof;
  return {
    status: passed ? "passed" : "failed",
    title,
    lines: [
      ...(passed ? [] : [reason ?? "unknown reason"]),
      ...(passed && before !== null && before !== version ? [`Before: ${before}`] : []),
      `${requests} requests meanwhile, ${failed} failed, ${retried} retried; ${seconds.total ?? 0} s`,
      ...warnings.map((one) => `Warning: ${one}`),
    ],
  };
}

/** Of a deploy that was refused, or died, before it had an outcome. */
export function noOutcome(stack: string, version: string): Omit<Notice, "link"> {
  return {
    status: "failed",
    title: `${stack}: ${version} was not released`,
    lines: ["It was refused, or ended before there was an outcome."],
  };
}
