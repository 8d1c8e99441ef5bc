/** The probe: a few clients that ask the site all through a rollout, as a visitor would, and count. */
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

/** Clients, and the pause of each between two requests: about 12 requests a second in all. */
const CLIENTS = 3;
const PAUSE_MS = 250;
/** A visitor would have given up. */
const TIMEOUT_MS = 10_000;
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

/** A connection that was closed before an answer began: the request may be sent once more. */
class ClosedUnanswered extends Error {}

export class Probe {
  readonly #urls: readonly string[];
  readonly #selfSigned: boolean;
  readonly #times: { at: number; took: number }[] = [];
  readonly #failures: { at: number; text: string }[] = [];
  readonly #clients: Promise<void>[];
  #requests = 0;
  #retried = 0;
  readonly #stop = new AbortController();

  /** @param selfSigned accept any certificate: only for stacks that sign their own */
  constructor(urls: readonly string[], selfSigned: boolean) {
    this.#urls = urls;
    this.#selfSigned = selfSigned;
    const clients = urls.length > 0 ? CLIENTS : 0;
    this.#clients = Array.from({ length: clients }, (_, index) => this.#client(index));
  }

  /** @param since count only what was answered after this moment (Date.now()). @default everything */
  report(since = 0): ProbeReport {
    const times = this.#times.filter(({ at }) => at >= since).map(({ took }) => took);
    const failures = this.#failures.filter(({ at }) => at >= since).map(({ text }) => text);
    return {
      requests: since === 0 ? this.#requests : times.length + failures.length,
      failed: failures.length,
      retried: this.#retried,
      p99Milliseconds: Math.round(percentile(times, 99)),
      failures: failures.slice(0, TOLD),
    };
  }

  async stop(): Promise<ProbeReport> {
    this.#stop.abort();
    await Promise.all(this.#clients);
    return this.report();
  }

  async #client(index: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: !this.#selfSigned });
    const { signal } = this.#stop;
    for (let turn = index; !signal.aborted; turn += 1) {
      await this.#one(this.#urls[turn % this.#urls.length] ?? "", agent);
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
    agent.destroy();
  }

  async #one(url: string, agent: Agent): Promise<void> {
    this.#requests += 1;
    const began = Date.now();
    try {
      const status = await this.#ask(url, agent);
      const at = Date.now();
      if (status >= 500) this.#failures.push({ at, text: `GET ${url}: ${status}` });
      else this.#times.push({ at, took: at - began });
    } catch (error) {
      const text = `GET ${url}: ${error instanceof Error ? error.message : String(error)}`;
      this.#failures.push({ at: Date.now(), text });
    }
  }

  async #ask(url: string, agent: Agent): Promise<number> {
    try {
      return await ask(url, agent);
    } catch (error) {
      if (!(error instanceof ClosedUnanswered)) throw error;
      this.#retried += 1;
      return ask(url, agent);
    }
  }
}

function ask(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    let answered = false;
    const asked = request(url, { agent }, (response) => {
      answered = true;
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", reject);
    });
    const timer = setTimeout(
      () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
      TIMEOUT_MS,
    );
    asked.once("close", () => clearTimeout(timer));
    asked.once("error", (error: NodeJS.ErrnoException) => {
      const closed = error.code === "ECONNRESET" || error.code === "EPIPE";
      // Only a connection that had served before: a new one that is refused is a failure.
      reject(closed && !answered && asked.reusedSocket ? new ClosedUnanswered(error.message) : error);
    });
    asked.end();
  });
}

/** 0 of no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0;
}
