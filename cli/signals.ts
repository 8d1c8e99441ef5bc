/** Ctrl-C during an update: the engine is asked to stop in order; a second time it is made to. */
import { isEngine, listProcesses } from "./processes.ts";

/**
 * Runs `work`, and turns a first SIGINT, SIGTERM or SIGHUP into an abort of its signal, a second into SIGKILL of the
 * engine. On a terminal Ctrl-C reaches the engine by itself, since it is in the same process group: a copy from here
 * would count as its second and cut it off.
 */
export async function interruptible<T>(
  note: (line: string) => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let seen = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    seen += 1;
    if (seen > 1) {
      void killEngines();
      return;
    }
    note("Stopping once the running steps are done. Again to stop at once (the next command cleans up).");
    if (signal !== "SIGINT" || !process.stdin.isTTY) controller.abort();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

async function killEngines(): Promise<void> {
  const own = (await listProcesses()).filter((one) => one.parent === process.pid && isEngine(one));
  for (const { pid } of own) process.kill(pid, "SIGKILL");
}
