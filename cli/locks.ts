/** The backend's locks of a stack, and the machine that they are judged on. */
import { readFile, readdir } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { stateFiles, stateFolder } from "./backend.ts";
import type { Engine } from "./engine.ts";
import { listProcesses } from "./processes.ts";
import type { Project } from "./project.ts";
import { type AnyLock, type Machine, parseLockFile } from "./recovery.ts";

/** Its processes are looked at, which takes a moment, where there is a lock to judge. */
export async function thisMachine({ root }: Project, locks: readonly AnyLock[]): Promise<Machine> {
  const processes = locks.length > 0 ? await listProcesses() : [];
  return { user: userInfo().username, host: hostname(), processes, root };
}

/** Locks of a file backend; other backends tell only when an operation meets one. */
export async function readLocks(engine: Engine): Promise<AnyLock[]> {
  const folder = stateFolder(engine.backend.url);
  if (folder === undefined) return [];
  const { locks } = stateFiles(folder, engine.project, engine.stackName);
  const names = (await readdir(locks).catch(() => [])).filter((name) => name.endsWith(".json"));
  const found = await Promise.all(
    names.map(async (name) => {
      const file = join(locks, name);
      const text = await readFile(file, "utf8").catch(ifGone);
      // Given back since it was listed: that update has ended as it should.
      return text === undefined ? undefined : parseLockFile(file, text);
    }),
  );
  return found.filter((lock) => lock !== undefined);
}

function ifGone(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && error.code === "ENOENT" ? undefined : "";
}
