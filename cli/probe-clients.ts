/** The probe's clients, in a thread of their own: each request's outcome is a message to probe.ts; any message ends them. */
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

/** Clients, and the pause of each between two requests: about 12 requests a second in all. */
const CLIENTS = 3;
const PAUSE_MS = 250;
/** A visitor would have given up. */
const TIMEOUT_MS = 10_000;

export interface ProbeOrder {
  readonly urls: readonly string[];
  readonly selfSigned: boolean;
}

export interface ProbeOutcome {
  /** When it ended (Date.now()), and how many milliseconds it took. */
  readonly at: number;
  readonly took: number;
  readonly retried: boolean;
  /** In words; undefined when it was answered. */
  readonly failure: string | undefined;
}

/** A connection that was closed before an answer began: the request may be sent once more. */
class ClosedUnanswered extends Error {}

const { urls, selfSigned } = workerData as ProbeOrder;
const stopped = new AbortController();
parentPort?.once("message", () => stopped.abort());
for (let index = 0; index < CLIENTS; index += 1) void client(index);

async function client(index: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: !selfSigned });
  const { signal } = stopped;
  for (let turn = index; !signal.aborted; turn += 1) {
    parentPort?.postMessage(await one(urls[turn % urls.length] ?? "", agent));
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  agent.destroy();
}

async function one(url: string, agent: Agent): Promise<ProbeOutcome> {
  const began = Date.now();
  let retried = false;
  const outcome = (failure?: string): ProbeOutcome => {
    const at = Date.now();
    return { at, took: at - began, retried, failure };
  };
  try {
    const status = await ask(url, agent).catch((error: unknown) => {
      if (!(error instanceof ClosedUnanswered)) throw error;
      retried = true;
      return ask(url, agent);
    });
    return outcome(status >= 500 ? `GET ${url}: ${status}` : undefined);
  } catch (error) {
    return outcome(`GET ${url}: ${error instanceof Error ? error.message : String(error)}`);
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
