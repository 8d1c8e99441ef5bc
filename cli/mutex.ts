/** One `tristack` command at a time changes a stack from this checkout: two recoveries at once would sweep each other. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { failed } from "./errors.ts";
import { listProcesses } from "./processes.ts";
import { type Project, ownFolder } from "./project.ts";

/** Runs `work` while holding the checkout's own lock of the stack; a lock of a dead process is taken over. */
export async function exclusively<T>(project: Project, stack: string, work: () => Promise<T>): Promise<T> {
  const folder = join(ownFolder(project), "locks");
  const file = join(folder, `${basename(stack)}.pid`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!take(file)) {
    const pid = Number(readHolder(file));
    const holder = (await listProcesses()).find((one) => one.pid === pid);
    if (holder?.argv.some((word) => word.includes("tristack"))) {
      throw failed(
        `another tristack command works on the stack ${stack} (pid ${pid}); wait until it has ended`,
      );
    }
    rmSync(file, { force: true });
    if (!take(file)) throw failed(`another tristack command has just begun to work on the stack ${stack}`);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function readHolder(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
