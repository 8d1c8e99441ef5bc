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

/** Watches for the whole time, or until the release has failed. Returns why; undefined when it has passed. */
export async function bake(
  bounds: Bounds,
  look: () => Sight,
  say: Say,
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = Date.now() + bounds.seconds * 1000;
  while (Date.now() < end) {
    if (signal.aborted) return "the deploy was interrupted";
    const sight = look();
    const { probe, traffic } = sight;
    const reason = judge(sight, bounds);
    if (reason !== undefined) return reason;
    const left = Math.ceil((end - Date.now()) / 1000);
    say(`${left} s to go: ${Math.max(traffic.requests, probe.requests)} requests, ${traffic.failed} failed`);
    await sleep(Math.min(500, Math.max(0, end - Date.now())));
  }
  return judge(look(), bounds);
}
