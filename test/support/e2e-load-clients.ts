/**
 * The process behind e2e-load.ts: `<origin> <shape as JSON>`; tells how many requests there were when it is asked, and
 * reports when it is told to stop.
 */
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, NoAnswer, ask } from "./e2e-http.ts";
import type { LoadReport, LoadShape } from "./e2e-load.ts";

const LONG_MS = 10_000;
const FAILED_MS = 100;
/** Characters of a failed answer. */
const SHOWN = 100;
/** A long request is answered after 10 s, and a busy machine may add to that. */
const TIMEOUT_SECONDS = 30;

const [origin = "", shape = "{}"] = process.argv.slice(2);
const { clients, pause, long } = JSON.parse(shape) as LoadShape;
const began = Date.now();
const failures: string[] = [];
const failedAt: number[] = [];
const unexpected: string[] = [];
const releases = new Set<string>();
const counts = { requests: 0, posts: 0, long: 0, retried: 0 };
let stopped = false;

async function client(index: number, next: (turn: number) => Promise<void>, wait: number): Promise<void> {
  for (let turn = index; !stopped; turn += 1) {
    const failed = failures.length;
    await next(turn);
    // Without a pause a site that is gone is asked ten thousand times a second.
    await sleep(failures.length > failed ? FAILED_MS : Math.random() * wait);
  }
}

function short(agent: https.Agent) {
  return (turn: number) => {
    if (turn % 3 === 0) return one("POST", "/api/items", agent, { title: `load ${turn}` });
    // Both services answer: /api/web is the web's, the rest of /api the API's.
    return one("GET", turn % 3 === 1 ? "/api/items?limit=5" : "/api/web/time", agent);
  };
}

function slow(agent: https.Agent) {
  return async () => {
    counts.long += 1;
    await one("GET", `/api/slow?ms=${LONG_MS}`, agent);
  };
}

async function one(method: "GET" | "POST", path: string, agent: https.Agent, json?: unknown): Promise<void> {
  counts.requests += 1;
  if (method === "POST") counts.posts += 1;
  const send = () => ask(origin + path, { method, json, agent, timeoutSeconds: TIMEOUT_SECONDS });
  try {
    judge(method, path, await send());
  } catch (error) {
    if (method === "POST" || !(error instanceof NoAnswer) || !error.repeatable) return fail(error);
    counts.retried += 1;
    await send().then((answer) => judge(method, path, answer), fail);
  }
}

function judge(method: string, path: string, answer: Answer): void {
  const what = `${method} ${path}: ${answer.status}`;
  // Of nginx, or where there is none of the application itself.
  const release = answer.headers["x-tristack-release"] ?? answer.headers["x-release"];
  if (typeof release === "string") releases.add(release);
  // Whose answer it is tells the body alone.
  if (answer.status >= 500) fail(new Error(`${what} ${answer.body.toString("utf8").slice(0, SHOWN)}`));
  else if (answer.status !== (method === "POST" ? 201 : 200)) unexpected.push(what);
}

function fail(error: unknown): void {
  failedAt.push(Date.now());
  const at = ((Date.now() - began) / 1000).toFixed(1);
  failures.push(`after ${at} s: ${error instanceof Error ? error.message : String(error)}`);
}

const agents = Array.from(
  { length: clients + long },
  () => new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false }),
);
const working = agents.map((agent, index) =>
  index < clients ? client(index, short(agent), pause) : client(index, slow(agent), 0),
);
process.on("message", (word) => {
  if (word === "stop") stopped = true;
  else process.send?.(counts.requests);
});
// Whoever asked is gone: nobody will.
process.once("disconnect", () => process.exit(0));
await Promise.all(working);
const seconds = (Date.now() - began) / 1000;
const report: LoadReport = { ...counts, failures, failedAt, unexpected, seconds, releases: [...releases] };
process.send?.(report, () => process.exit(0));
