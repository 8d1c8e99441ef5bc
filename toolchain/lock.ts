/** One toolchain run at a time on a machine: two would build the same things beside each other. */
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "./command.ts";

const POLL_MILLISECONDS = 500;

/** Runs `work` while holding the lock file; waits for whoever holds it, takes it over from a process that died. */
export async function withLock<T>(file: string, log: Log, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${process.pid}.${randomUUID()}`;
  writeFileSync(own, identity(process.pid));
  let held = false;
  try {
    for (let told = false; !take(own, file); await sleep(POLL_MILLISECONDS)) {
      const holder = holderOf(file);
      const pid = parseInt(holder);
      if (holder !== "" && holder !== identity(pid)) discard(file, holder);
      else if (!told) log(`waiting for another run of the toolchain (pid ${pid || "unknown"})`);
      told = true;
    }
    held = true;
    return await work();
  } finally {
    if (held) rmSync(file, { force: true });
    rmSync(own, { force: true });
  }
}

/** A link appears with its content at once, and only if there was none. */
function take(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Takes a dead process's lock away, unless somebody else did so and holds it by now. */
function discard(file: string, holder: string): void {
  const aside = `${file}.${process.pid}.${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (holderOf(aside) !== holder) linkSync(aside, file);
  } catch {
    // Somebody was faster: the next round sees who.
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Identity in the lock file; empty: it has just been created or deleted. */
function holderOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/**
 * A process: its number and, where the system tells, when it started, since numbers are given again. Another identity
 * than the one in the file means that its process is gone; empty where there is no such process.
 */
function identity(pid: number): string {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== "EPERM") return "";
  }
  return `${pid} ${startOf(pid)}`.trim();
}

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold anything; the start is the 22nd.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
