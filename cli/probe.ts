/**
 * The probe: a few clients that ask the site all through a rollout, as a visitor would, and count. They have a thread of their own:
 * the program runs in this one, and a busy thread would take its own delays for the site's.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ProbeOrder, ProbeOutcome } from "./probe-clients.ts";

/** Failures that are told in words. */
const TOLD = 5;

export interface ProbeReport {
  readonly requests: number;
  readonly failed: number;
  /** GETs repeated once, their connection having been closed before the first byte of an answer. */
  readonly retried: number;
  readonly p99Milliseconds: number;
  /** The first failures, in words. */
  readonly failures: readonly string[];
}

export class Probe {
  readonly #outcomes: ProbeOutcome[] = [];
  readonly #clients: Worker | undefined;
  readonly #ended: Promise<unknown>;

  /** @param selfSigned accept any certificate: only for stacks that sign their own */
  constructor(urls: readonly string[], selfSigned: boolean) {
    const order: ProbeOrder = { urls, selfSigned };
    if (urls.length > 0)
      this.#clients = new Worker(new URL("probe-clients.ts", import.meta.url), { workerData: order });
    this.#clients?.on("message", (outcome: ProbeOutcome) => this.#outcomes.push(outcome));
    this.#ended = this.#clients ? once(this.#clients, "exit") : Promise.resolve();
    // It is whoever stops it that has to hear of what went wrong.
    this.#ended.catch(() => undefined);
  }

  /** @param since count only what was answered after this moment (Date.now()). @default everything */
  report(since = 0): ProbeReport {
    const counted = this.#outcomes.filter(({ at }) => at >= since);
    const failures = counted.flatMap(({ failure }) => failure ?? []);
    const times = counted.filter(({ failure }) => failure === undefined).map(({ took }) => took);
    return {
      requests: counted.length,
      failed: failures.length,
      retried: counted.filter(({ retried }) => retried).length,
      p99Milliseconds: Math.round(percentile(times, 99)),
      failures: failures.slice(0, TOLD),
    };
  }

  async stop(): Promise<ProbeReport> {
    this.#clients?.postMessage("stop");
    await this.#ended;
    return this.report();
  }
}

/** 0 of no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0;
}
