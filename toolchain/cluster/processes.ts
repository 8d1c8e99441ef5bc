/** Processes that outlive the command that started them: each has a log and a file with its number. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { failed } from "../../cli/errors.ts";
import { clusterFolder } from "./layout.ts";
import type { Part } from "./parts.ts";

const SHOWN_LINES = 10;
/** What a part has to end by itself. */
const STOP_SECONDS = 10;

export function start({ name, command: [program, ...args] }: Part): void {
  mkdirSync(clusterFolder("run"), { recursive: true });
  const output = openSync(logOf(name), "w");
  const child = spawn(program, args, { detached: true, stdio: ["ignore", output, output] });
  closeSync(output);
  child.on("error", () => undefined);
  child.unref();
  if (child.pid === undefined) throw failed(`${name} could not be started: is ${program} installed?`);
  writeFileSync(pidFile(name), `${child.pid}\n`);
}

/** Waits until `ready` says so. Throws with the end of the part's log when it ends before, or takes too long. */
export async function waitFor(name: string, seconds: number, ready: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await ready())) {
    if (!runs(name)) throw failed(`${name} ended at once:\n${lastLines(name)}`);
    if (Date.now() > end) throw failed(`${name} did not answer within ${seconds} s:\n${lastLines(name)}`);
    await sleep(200);
  }
}

export function runs(name: string): boolean {
  const pid = pidOf(name);
  if (pid === undefined) return false;
  try {
    // The number may belong to another process by now: a machine that was restarted begins to count anew.
    const [program = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return program !== "" && isOurs(name, pid);
  } catch {
    return false;
  }
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
  const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  return args.some((arg) => arg === name || arg.endsWith(`/${name}`)) && !zombie(pid);
}

function zombie(pid: number): boolean {
  return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

function pidOf(name: string): number | undefined {
  if (!existsSync(pidFile(name))) return undefined;
  const pid = Number(readFileSync(pidFile(name), "utf8"));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

const pidFile = (name: string) => clusterFolder("run", `${name}.pid`);
const logOf = (name: string) => clusterFolder("run", `${name}.log`);

function lastLines(name: string): string {
  return readFileSync(logOf(name), "utf8").trim().split("\n").slice(-SHOWN_LINES).join("\n");
}
