/** The stack's settings with another release in them, for one update: the tracked file is never changed. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { ReleaseSetting } from "../components/settings.ts";
import { type Project, type StackFile, ownFolder } from "./project.ts";

/** Text of the file; secrets in it stay encrypted. */
export function withRelease(project: Project, file: StackFile, release: ReleaseSetting): string {
  const document = parseDocument(file.text);
  document.setIn(["config", `${project.name}:release`], document.createNode(release));
  return document.toString({ lineWidth: 0 });
}

/** Runs `work` with the path of such a file, which is removed afterwards. */
export async function usingRelease<T>(
  project: Project,
  file: StackFile,
  release: ReleaseSetting,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const folder = join(ownFolder(project), "releases");
  const path = join(folder, `${file.name}.${process.pid}.yaml`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path, withRelease(project, file, release), { mode: 0o600 });
  try {
    return await work(path);
  } finally {
    rmSync(path, { force: true });
  }
}
