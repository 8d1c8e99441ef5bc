/** Lambda as far as a function of our own code goes: it runs with its variables alone, and answers events. */
import { Worker } from "node:worker_threads";

export interface Called {
  readonly id: number;
  readonly event: unknown;
  /** What the function may take. */
  readonly milliseconds: number;
}

export interface Ended {
  readonly id: number;
  /** Whether `answer` is the error that it ended with. */
  readonly failed: boolean;
  readonly answer: unknown;
}

export class OwnFunction {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (ended: Ended) => void>();
  #calls = 0;

  /** @param code name of a file of components/aws/code, without `.mjs` */
  constructor(code: string, env: Readonly<Record<string, string>>) {
    const file = new URL(`../../components/aws/code/${code}.mjs`, import.meta.url).href;
    this.#worker = new Worker(new URL("e2e-own-function-worker.ts", import.meta.url), {
      env,
      workerData: file,
    });
    this.#worker.on("message", (ended: Ended) => this.#waiting.get(ended.id)?.(ended));
  }

  call(event: unknown, milliseconds = 900_000): Promise<Ended> {
    const id = (this.#calls += 1);
    const ended = new Promise<Ended>((resolve) => this.#waiting.set(id, resolve));
    this.#worker.postMessage({ id, event, milliseconds } satisfies Called);
    return ended.finally(() => this.#waiting.delete(id));
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
