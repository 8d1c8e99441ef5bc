/** A small, bounded load on the site, to see whether an update fails a request. */
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, NoAnswer, ask } from "./e2e-http.ts";

/** Keep-alive clients, and the longest pause of each between two requests, in milliseconds. */
const CLIENTS = 6;
const PAUSE = 200;

export interface LoadReport {
  readonly requests: number;
  readonly posts: number;
  /** Idempotent requests repeated once, because their connection was closed before the first byte of an answer. */
  readonly retried: number;
  /** A line each: status 500 or higher, a timeout, or a connection error. */
  readonly failures: readonly string[];
  /** Answers with a status below 500 that is not the expected one. */
  readonly unexpected: readonly string[];
  readonly seconds: number;
  /** Releases that answered, in the order in which each was first seen. */
  readonly releases: readonly string[];
}

/** Requests go out until `stop` is called, which waits for those that are under way. */
export class Load {
  readonly #origin: string;
  readonly #began = Date.now();
  readonly #failures: string[] = [];
  readonly #unexpected: string[] = [];
  readonly #releases = new Set<string>();
  readonly #clients: Promise<void>[];
  #requests = 0;
  #posts = 0;
  #retried = 0;
  #stopped = false;

  /** @param origin such as `https://localhost:8443` */
  constructor(origin: string) {
    this.#origin = origin;
    this.#clients = Array.from({ length: CLIENTS }, (_, index) => this.#client(index));
  }

  async stop(): Promise<LoadReport> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return {
      requests: this.#requests,
      posts: this.#posts,
      retried: this.#retried,
      failures: this.#failures,
      unexpected: this.#unexpected,
      seconds: (Date.now() - this.#began) / 1000,
      releases: [...this.#releases],
    };
  }

  async #client(index: number): Promise<void> {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    for (let turn = index; !this.#stopped; turn += 1) {
      await this.#one(turn, agent);
      await sleep(Math.random() * PAUSE);
    }
    agent.destroy();
  }

  async #one(turn: number, agent: https.Agent): Promise<void> {
    this.#requests += 1;
    const post = turn % 3 === 0;
    // Both services answer: /api/web is the web's, the rest of /api the API's.
    const path = post ? "/api/items" : turn % 3 === 1 ? "/api/items?limit=5" : "/api/web/time";
    if (post) this.#posts += 1;
    const send = () =>
      post
        ? ask(this.#origin + path, { method: "POST", json: { title: `load ${turn}` }, agent })
        : ask(this.#origin + path, { agent });
    try {
      this.#judge(post, path, await send());
    } catch (error) {
      if (post || !(error instanceof NoAnswer) || !error.repeatable) return this.#fail(error);
      this.#retried += 1;
      await send().then(
        (answer) => this.#judge(post, path, answer),
        (second: unknown) => this.#fail(second),
      );
    }
  }

  #judge(post: boolean, path: string, answer: Answer): void {
    const what = `${post ? "POST" : "GET"} ${path}: ${answer.status}`;
    const release = answer.headers["x-tristack-release"];
    if (typeof release === "string") this.#releases.add(release);
    if (answer.status >= 500) this.#fail(new Error(what));
    else if (answer.status !== (post ? 201 : 200)) this.#unexpected.push(what);
  }

  #fail(error: unknown): void {
    const at = ((Date.now() - this.#began) / 1000).toFixed(1);
    this.#failures.push(`after ${at} s: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** One line of figures. */
export function figures(report: LoadReport): string {
  const { requests, posts, retried, failures, seconds } = report;
  return `${requests} requests (${posts} POST) in ${seconds.toFixed(1)} s, ${failures.length} failed, ${retried} retried`;
}
