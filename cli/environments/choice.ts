/** Which environments a sweep destroys, and why. */
import { badInput } from "../errors.ts";
import type { Environment } from "./find.ts";

export interface SweepOrder {
  readonly now: Date;
  /** Pull requests that are closed. */
  readonly closed?: ReadonlySet<number>;
  /** All that are open: every other one is closed. */
  readonly open?: ReadonlySet<number>;
}

export interface Chosen {
  readonly environment: Environment;
  readonly reason: string;
}

/** Those that have expired, and those whose pull request is closed. */
export function chooseForSweep(all: readonly Environment[], order: SweepOrder): Chosen[] {
  return all.flatMap((environment) => {
    const reason = reasonFor(environment, order);
    return reason === undefined ? [] : [{ environment, reason }];
  });
}

/** Undefined of one that stays. */
export function reasonFor(
  { expiresAt, pullRequest }: Pick<Environment, "expiresAt" | "pullRequest">,
  { now, closed, open }: SweepOrder,
): string | undefined {
  if (hasExpired(expiresAt, now)) return `expired at ${String(expiresAt)}`;
  if (pullRequest === null) return undefined;
  if (closed?.has(pullRequest)) return `pull request ${pullRequest} is closed`;
  return open && !open.has(pullRequest) ? `pull request ${pullRequest} is not open` : undefined;
}

export function hasExpired(expiresAt: string | null, now: Date): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now.getTime();
}

/**
 * Numbers such as `7,9` or one a line. An empty list is refused: it is what a failed question to a hosting service looks
 * like, and with `--open` it would destroy everything. `none` says that it is meant.
 */
export function pullRequestNumbers(option: string, text: string): Set<number> {
  if (text.trim() === "none") return new Set();
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const wrong = words.filter((word) => !/^#?[1-9]\d{0,6}$/.test(word));
  if (wrong.length > 0 || words.length === 0)
    throw badInput(
      `${option}: ${JSON.stringify(wrong[0] ?? "")}; needs numbers of pull requests, such as 7,9, or none`,
    );
  return new Set(words.map((word) => Number(word.replace("#", ""))));
}
