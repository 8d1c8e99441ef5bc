/**
 * What has to be done once the last request is answered: queued events sent, connections closed.
 *
 * The server (server/main.ts) and the application that Next built are two copies of this module in one process, so the
 * list hangs on a symbol that both find.
 */
type Task = () => Promise<unknown>;

const registry = globalThis as { [key: symbol]: unknown };
const KEY = Symbol.for("tristack-sample-web.shutdown");

function tasks(): Task[] {
  const list = (registry[KEY] ??= []);
  return list as Task[];
}

export function onShutdown(task: Task): void {
  tasks().push(task);
}

/** Runs every task at the same time; one that fails, or takes longer than `timeoutMs`, does not stop the others. */
export async function runShutdownTasks(timeoutMs: number): Promise<void> {
  const all = Promise.allSettled(tasks().map((task) => task()));
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())]);
}
