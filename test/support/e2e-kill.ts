/** Killing Pulumi's engine in the middle of what it does, as a power cut or an out-of-memory killer would. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ProcessInfo, isEngine, listProcesses } from "../../cli/processes.ts";

const WORK = ["up", "destroy", "refresh"];

/** Engines that update, destroy or refresh a stack of the checkout. @param verbs what they are to be at */
export async function enginesAt(root: string, verbs = WORK): Promise<ProcessInfo[]> {
  const working = (one: ProcessInfo) => one.argv.some((word) => verbs.includes(word));
  return (await listProcesses()).filter((one) => isEngine(one) && one.folder === root && working(one));
}

/** Waits for the next engine at `root`; undefined when `work` ends without one. */
export async function nextEngine(
  root: string,
  work: Promise<unknown>,
  verbs = WORK,
): Promise<ProcessInfo | undefined> {
  let ended = false;
  const end = () => (ended = true);
  void work.then(end, end);
  for (;;) {
    const [engine] = await enginesAt(root, verbs);
    if (engine || ended) return engine;
    await sleep(50);
  }
}

/** Seconds that the engine at `root` lives while `work` goes on. */
export async function engineSeconds(root: string, work: Promise<unknown>): Promise<number> {
  const engine = await nextEngine(root, work);
  const began = Date.now();
  while (engine && (await enginesAt(root)).some((one) => one.pid === engine.pid)) await sleep(50);
  return (Date.now() - began) / 1000;
}

/**
 * Kills the next engine at `root` (and its `tristack` with it, if asked) so many seconds after it was first seen. False
 * when it had ended by then.
 * @param verbs what the engine is to be at: `["up"]` lets one go that puts things in order after an interruption
 */
export async function killEngine(
  root: string,
  work: Promise<unknown>,
  after: number,
  andTristack: boolean,
  verbs = WORK,
): Promise<boolean> {
  const engine = await nextEngine(root, work, verbs);
  if (!engine) return false;
  await sleep(after * 1000);
  const alive = (await enginesAt(root)).some((one) => one.pid === engine.pid);
  if (!alive) return false;
  // The command first: it would report, and clean up, what only a killed engine leaves.
  if (andTristack) for (const { pid } of await ancestors(engine)) kill(pid);
  return kill(engine.pid);
}

/** The `tristack` processes above an engine. */
async function ancestors(engine: ProcessInfo): Promise<ProcessInfo[]> {
  const byPid = new Map((await listProcesses()).map((one) => [one.pid, one]));
  const found: ProcessInfo[] = [];
  for (
    let one = byPid.get(engine.parent);
    one?.argv.some((word) => /tristack(\.js)?$/.test(word));
    one = byPid.get(one.parent)
  ) {
    found.unshift(one);
  }
  return found;
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false; // it ended while we looked
  }
}

/** Kills every `tristack` that works in the checkout. False when there was none. */
export async function killCommand(root: string): Promise<boolean> {
  const found = (await listProcesses()).filter(
    (one) => one.folder === root && one.argv.some((word) => /tristack(\.js)?$/.test(word)),
  );
  return found.map(({ pid }) => kill(pid)).some(Boolean);
}

/** Kills every engine that works in the checkout. */
export async function killEngines(root: string): Promise<void> {
  for (const { pid } of await enginesAt(root)) kill(pid);
}
