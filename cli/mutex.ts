/** One `tristack` command at a time changes a stack from this checkout: two recoveries at once would sweep each other. */
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { HeldError } from "./held.ts";
import { listProcesses } from "./processes.ts";
import { type Project, ownFolder } from "./project.ts";

/** A takeover takes milliseconds: whoever has not ended after so long was killed in it. */
const TAKEOVER_SECONDS = 10;

/**
 * Runs `work` while holding the checkout's own lock of the stack; a lock of a dead process is taken over.
 * @throws HeldError that names the process which holds it
 */
export async function exclusively<T>(project: Project, stack: string, work: () => Promise<T>): Promise<T> {
  const folder = join(ownFolder(project), "locks");
  const file = join(folder, `${basename(stack)}.pid`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!take(file)) {
    const pid = await livingHolder(file);
    if (pid !== undefined)
      throw new HeldError(
        `another tristack command works on the stack ${stack} (pid ${pid}); wait until it has ended`,
      );
    if (!(await takeOver(file)))
      throw new HeldError(`another tristack command has just begun to work on the stack ${stack}`);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Whole from its first moment: one that is empty while it is being written would pass for a dead process's. */
function take(file: string): boolean {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Undefined where the process that made the lock has ended, or there is none any more. */
async function livingHolder(file: string): Promise<number | undefined> {
  const pid = Number(readHolder(file));
  return (await isAlive(pid)) ? pid : undefined;
}

async function isAlive(pid: number): Promise<boolean> {
  const holder = (await listProcesses()).find((one) => one.pid === pid);
  return holder?.argv.some((word) => word.includes("tristack")) ?? false;
}

/**
 * One at a time, and judged anew by whoever may: of two that had found the same dead lock, the second would remove the
 * living one that the first has put in its place. What is removed is the very lock that was judged: looking at the
 * processes takes time, in which a lock that was free may be taken.
 */
async function takeOver(file: string): Promise<boolean> {
  const turn = `${file}.takeover`;
  if (!takeTurn(turn)) return false;
  try {
    const judged = readHolder(file);
    if (judged === undefined) return take(file);
    if ((await isAlive(Number(judged))) || readHolder(file) !== judged) return false;
    rmSync(file, { force: true });
    return take(file);
  } finally {
    rmSync(turn, { recursive: true, force: true });
  }
}

function takeTurn(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    // Whoever comes after the next pause has it.
    const since = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > TAKEOVER_SECONDS * 1000) rmSync(folder, { recursive: true, force: true });
    return false;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Undefined where there is no lock. */
function readHolder(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
