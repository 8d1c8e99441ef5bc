/** Processes that outlive the command that started them: each has a log, and a file with its number. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { failed } from "../cli/errors.ts";

const SHOWN_LINES = 10;

/** Starts one; each start begins a new log. Returns its number. */
export function spawnDetached(
  [program, ...args]: readonly [program: string, ...args: string[]],
  files: { log: string; pid: string },
): number {
  for (const file of Object.values(files)) mkdirSync(dirname(file), { recursive: true });
  const output = openSync(files.log, "w");
  const child = spawn(program, args, { detached: true, stdio: ["ignore", output, output] });
  closeSync(output);
  // A program that does not exist is told by an event as well; without a listener that would end this process.
  child.on("error", () => undefined);
  child.unref();
  if (child.pid === undefined) throw failed(`${program} could not be started`);
  writeFileSync(files.pid, `${child.pid}\n`);
  return child.pid;
}

/** Whether a process runs: one that has ended and that nobody has waited for does not. */
export function lives(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

export function lastLines(file: string): string {
  return readFileSync(file, "utf8").trim().split("\n").slice(-SHOWN_LINES).join("\n");
}
