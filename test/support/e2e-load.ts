/**
 * Load on the site from a process of its own, to see whether a release fails a request: what this process does meanwhile
 * must not slow the clients down, nor they it.
 */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface LoadReport {
  readonly requests: number;
  readonly posts: number;
  /** Requests that take 10 seconds. */
  readonly long: number;
  /** Idempotent requests repeated once, because their connection was closed before the first byte of an answer. */
  readonly retried: number;
  /** A line each: status 500 or higher, a timeout, or a connection error. */
  readonly failures: readonly string[];
  /** Moments of the failures, in milliseconds since 1970. */
  readonly failedAt: readonly number[];
  /** Answers with a status below 500 that is not the expected one. */
  readonly unexpected: readonly string[];
  readonly seconds: number;
  /** Releases that answered, in the order in which each was first seen. */
  readonly releases: readonly string[];
}

export interface LoadShape {
  /** Keep-alive clients that ask for short things. */
  readonly clients: number;
  /** Longest pause of each between two requests, in milliseconds. */
  readonly pause: number;
  /** Clients that ask for what takes 10 s. */
  readonly long: number;
}

/** Enough to notice a failure, and little enough to leave the machine to what is tested. */
const LIGHT: LoadShape = { clients: 6, pause: 200, long: 0 };
/** 50 clients: 40 of short GETs and POSTs, 10 of requests of 10 s. */
export const HEAVY: LoadShape = { clients: 40, pause: 400, long: 10 };

/** Requests go out until `stop` is called, which waits for those that are under way. */
export class Load {
  readonly #child: ChildProcess;
  /** Fails when the process ends, which it does by itself after its report. */
  readonly #ended: Promise<never>;
  #report?: Promise<LoadReport>;

  /** @param origin such as `https://localhost:8443` */
  constructor(origin: string, shape: LoadShape = LIGHT) {
    const program = join(import.meta.dirname, "e2e-load-clients.ts");
    this.#child = fork(program, [origin, JSON.stringify(shape)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#ended = once(this.#child, "exit").then(([code]) => {
      throw new Error(`the load ended by itself, exit code ${String(code)}`);
    });
    // After the report that is no error.
    this.#ended.catch(() => undefined);
  }

  /** Requests that have begun so far. */
  requests(): Promise<number> {
    return this.#answer("count");
  }

  /** Again: the same report. */
  stop(): Promise<LoadReport> {
    return (this.#report ??= this.#answer("stop"));
  }

  async #answer<T>(word: "count" | "stop"): Promise<T> {
    const answer = once(this.#child, "message");
    this.#child.send(word);
    const [value] = (await Promise.race([answer, this.#ended])) as [T];
    return value;
  }
}

/** A little of it before, during and after `work`, printed and handed back. */
export async function underLoad(origin: string, work: () => Promise<void>): Promise<LoadReport> {
  const load = new Load(origin);
  try {
    await sleep(2000);
    await work();
    await sleep(2000);
    const report = await load.stop();
    console.log(`      ${figures(report)}`);
    return report;
  } finally {
    await load.stop();
  }
}

/** A release whose answers were errors was seen, by that alone, and not for long. */
export function sawErrorsFor(seconds: number, { failures, failedAt }: LoadReport): void {
  assert.ok(failures.length > 0, "the load saw it, or this test shows nothing");
  assert.ok(
    failures.every((line) => /: 500 /.test(line)),
    failures.join("\n"),
  );
  const visible = (Math.max(...failedAt) - Math.min(...failedAt)) / 1000;
  console.log(`      errors were seen for ${visible.toFixed(1)} s`);
  assert.ok(visible < seconds, `errors were seen for ${visible} s`);
}

/** One line of figures. */
export function figures(report: LoadReport): string {
  const { requests, posts, long, retried, failures, seconds } = report;
  return `${requests} requests (${posts} POST, ${long} of 10 s) in ${seconds.toFixed(1)} s, ${failures.length} failed, ${retried} retried`;
}
