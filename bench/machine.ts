/** The circumstances of a measurement: without them its figures mean nothing. */
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { attempt } from "../toolchain/command.ts";
import { ROOT } from "./engine.ts";

export interface Machine {
  /** When the measurement ended, in UTC. */
  readonly date: string;
  /** Short hash; `+changes` when tracked files differ from it. */
  readonly commit: string;
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryGiB: number;
  /** Load average of one minute before the first run. Runs themselves raise it. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** Version of the Node that runs programs and this bench. */
  readonly node: string;
}

/** Notes the load; the function that it returns is called once everything is measured. */
export function observeMachine(): () => Promise<Machine> {
  const loadBefore = load();
  return async () => ({
    date: `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`,
    commit: await commit(),
    cpus: availableParallelism(),
    cpuModel: cpus()[0]?.model ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore,
    loadAfter: load(),
    node: `Node ${process.versions.node}`,
  });
}

function load(): number {
  return loadavg()[0] ?? 0;
}

async function commit(): Promise<string> {
  const hash = await attempt("git", ["rev-parse", "--short", "HEAD"], { cwd: ROOT });
  if (hash === undefined) return "unknown (no git)";
  const changes = await attempt("git", ["status", "--porcelain", "--", ":!bench"], { cwd: ROOT });
  return changes?.trim() === "" ? hash.trim() : `${hash.trim()}+changes`;
}
