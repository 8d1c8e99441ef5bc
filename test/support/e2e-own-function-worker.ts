/** A function of Lambda by itself: a thread with no variables but its own, that hands events to the handler of one file. */
import { parentPort, workerData } from "node:worker_threads";
import type { Called, Ended } from "./e2e-own-function.ts";

type Handler = (event: unknown, context: object) => Promise<unknown>;

const { handler } = (await import(String(workerData))) as { handler: Handler };

parentPort?.on("message", ({ id, event, milliseconds }: Called) => {
  const end = Date.now() + milliseconds;
  void handler(event, { getRemainingTimeInMillis: () => end - Date.now() })
    .then((answer): Ended => ({ id, failed: false, answer }))
    .catch((error: unknown): Ended => {
      const { name, message } = error as Error;
      return { id, failed: true, answer: { errorType: name, errorMessage: message } };
    })
    .then((ended) => parentPort?.postMessage(ended));
});
