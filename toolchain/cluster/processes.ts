/** The parts of the cluster as processes. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { failed } from "../../cli/errors.ts";
import { lastLines, lives, spawnDetached } from "../detached.ts";
import { clusterFolder } from "./layout.ts";
import type { Part } from "./parts.ts";

/** What a part has to end by itself. */
const STOP_SECONDS = 10;

export function start({ name, command }: Part): void {
  spawnDetached(command, { log: logOf(name), pid: pidFile(name) });
}

/** Waits until `ready` says so. Throws with the end of the part's log when it ends before, or takes too long. */
export async function waitFor(name: string, seconds: number, ready: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await ready())) {
    if (!runs(name)) throw failed(`${name} ended at once:\n${lastLines(logOf(name))}`);
    if (Date.now() > end)
      throw failed(`${name} did not answer within ${seconds} s:\n${lastLines(logOf(name))}`);
    await sleep(200);
  }
}

export function runs(name: string): boolean {
  const pid = pidOf(name);
  // The number may belong to another process by now: a machine that was restarted begins to count anew.
  return pid !== undefined && lives(pid) && isOurs(name, pid);
}

/** SIGTERM, and SIGKILL for what has not ended then. */
export async function stop(name: string): Promise<void> {
  const pid = pidOf(name);
  if (pid !== undefined && runs(name)) {
    process.kill(pid, "SIGTERM");
    for (let tenth = 0; tenth < STOP_SECONDS * 10 && runs(name); tenth += 1) await sleep(100);
    if (runs(name)) process.kill(pid, "SIGKILL");
  }
  rmSync(pidFile(name), { force: true });
}

function isOurs(name: string, pid: number): boolean {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return args.some((arg) => arg === name || arg.endsWith(`/${name}`));
  } catch {
    return false;
  }
}

function pidOf(name: string): number | undefined {
  if (!existsSync(pidFile(name))) return undefined;
  const pid = Number(readFileSync(pidFile(name), "utf8"));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

const pidFile = (name: string) => clusterFolder("run", `${name}.pid`);
const logOf = (name: string) => clusterFolder("run", `${name}.log`);
