/** Whether a release that serves does so well enough: the rule of the bake. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ProbeReport } from "./probe.ts";
import type { Say } from "./progress.ts";
import type { TrafficReport } from "./traffic.ts";

export interface Bounds {
  readonly seconds: number;
  /** Percent of answers that may be 5xx. */
  readonly maxErrors: number;
  readonly maxP99Milliseconds: number;
}

/** Fewer than these are an accident, not a rate. */
const MIN_FAILURES = 3;
/** Time between two looks. */
const LOOK_MS = 500;
const INTERRUPTED = "the deploy was interrupted";
/** A 99th percentile of fewer is the slowest one. */
const MIN_TIMED = 100;

/** Why the release has failed by now; undefined while it has not. */
export function verdict(probe: ProbeReport, traffic: TrafficReport, bounds: Bounds): string | undefined {
  const requests = Math.max(probe.requests, traffic.requests);
  const failed = Math.max(probe.failed, traffic.failed);
  const percent = (failed / Math.max(1, requests)) * 100;
  if (failed >= MIN_FAILURES && percent > bounds.maxErrors) {
    return `${failed} of ${requests} requests failed (${percent.toFixed(1)} %; at most ${bounds.maxErrors} % may)`;
  }
  if (probe.requests >= MIN_TIMED && probe.p99Milliseconds > bounds.maxP99Milliseconds) {
    return `99 of 100 requests took up to ${probe.p99Milliseconds} ms (at most ${bounds.maxP99Milliseconds} ms may pass)`;
  }
  return undefined;
}

/** What is known of a release at the moment. */
export interface Sight {
  readonly probe: ProbeReport;
  readonly traffic: TrafficReport;
  /** What the target itself finds wrong. */
  readonly trouble: string | undefined;
}

export function judge({ trouble, probe, traffic }: Sight, bounds: Bounds): string | undefined {
  return trouble ?? verdict(probe, traffic, bounds);
}

/**
 * Looks again and again for so long.
 * @param look what is told the seconds that are left, and says why to stop before; undefined while there is no reason
 * @returns the reason; undefined once the time is over
 */
export async function watchFor(
  seconds: number,
  look: (left: number) => string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const reason = signal.aborted ? INTERRUPTED : look(Math.ceil((end - Date.now()) / 1000));
    if (reason !== undefined) return reason;
    await sleep(Math.min(LOOK_MS, Math.max(0, end - Date.now())));
  }
  return undefined;
}

/** Watches for the whole time, or until the release has failed. Returns why; undefined when it has passed. */
export async function bake(
  bounds: Bounds,
  look: () => Sight,
  say: Say,
  signal: AbortSignal,
): Promise<string | undefined> {
  const one = (left: number) => {
    const sight = look();
    const { probe, traffic } = sight;
    const reason = judge(sight, bounds);
    if (reason === undefined)
      say(
        `${left} s to go: ${Math.max(traffic.requests, probe.requests)} requests, ${traffic.failed} failed`,
      );
    return reason;
  };
  return (await watchFor(bounds.seconds, one, signal)) ?? judge(look(), bounds);
}
