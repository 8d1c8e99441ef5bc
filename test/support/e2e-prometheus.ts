/** A running Prometheus, asked through its own API. */
import { ask, jsonOf } from "./e2e-http.ts";

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: string;
  readonly lastError: string;
}

export class Prometheus {
  readonly origin: string;

  constructor(port: number) {
    this.origin = `http://127.0.0.1:${port}`;
  }

  /** Answer to one expression. */
  async query(expression: string): Promise<readonly Series[]> {
    const { result } = await this.#get<{ result: Series[] }>(`query?query=${encodeURIComponent(expression)}`);
    return result;
  }

  /** The only number in the answer; undefined where there is none. */
  async number(expression: string): Promise<number | undefined> {
    const [one] = await this.query(expression);
    return one && Number(one.value[1]);
  }

  async targets(): Promise<readonly Target[]> {
    return (await this.#get<{ activeTargets: Target[] }>("targets?state=active")).activeTargets;
  }

  async #get<T>(path: string): Promise<T> {
    const answer = await ask(`${this.origin}/api/v1/${path}`);
    const { status, data, error } = jsonOf<{ status: string; data: T; error?: string }>(answer);
    if (status !== "success") throw new Error(`Prometheus, ${path}: ${error ?? answer.status}`);
    return data;
  }
}

/** Waits until `check` gives something. */
export async function eventually<T>(
  what: string,
  seconds: number,
  check: () => Promise<T | undefined>,
): Promise<T> {
  for (const end = Date.now() + seconds * 1000; ; await new Promise((resolve) => setTimeout(resolve, 500))) {
    const found = await check().catch(() => undefined);
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
  }
}
