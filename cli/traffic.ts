/** What everybody sees of a release: nginx's access log, counted while it is written. */
import { createInterface } from "node:readline";
import type { Docker } from "./docker.ts";

export interface TrafficReport {
  readonly requests: number;
  /** Answers with status 500 or higher. */
  readonly failed: number;
}

/** Follows the log of the proxy until it is stopped. */
export class Traffic {
  readonly #counts = new Map<string, { requests: number; failed: number }>();
  readonly #process: ReturnType<Docker["start"]>;

  /** @param proxy name of nginx's container */
  constructor(docker: Docker, proxy: string) {
    this.#process = docker.start(["logs", "--follow", "--tail", "0", proxy]);
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#count(line));
    this.#process.stderr.resume();
  }

  of(releaseId: string): TrafficReport {
    return { ...(this.#counts.get(releaseId) ?? { requests: 0, failed: 0 }) };
  }

  async stop(): Promise<void> {
    this.#process.kill();
    await this.#process;
  }

  #count(line: string): void {
    const answer = accessOf(line);
    if (!answer) return;
    const counts = this.#counts.get(answer.release) ?? { requests: 0, failed: 0 };
    counts.requests += 1;
    if (answer.status >= 500) counts.failed += 1;
    this.#counts.set(answer.release, counts);
  }
}

/** Release and status of a line of the access log (nginx/configuration.ts); undefined for any other line. */
export function accessOf(line: string): { release: string; status: number } | undefined {
  if (!line.startsWith('{"time"')) return undefined;
  try {
    const { release, status } = JSON.parse(line) as { release?: unknown; status?: unknown };
    return typeof release === "string" && typeof status === "number" ? { release, status } : undefined;
  } catch {
    return undefined;
  }
}
