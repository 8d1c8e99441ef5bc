/**
 * Whether an update brings nothing but another release: then it needs no preview, which asks whether data would be lost.
 * What holds data follows from everything else, and all of that is as it was when the last deploy passed.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { StackContext } from "./deploy-context.ts";
import type { Entry } from "./ledger.ts";

/** What the program is made of besides the settings: itself, and its libraries. */
const PROGRAM = ["Pulumi.yaml", "index.ts", "main.js", "package-lock.json"];
const FOLDER = "components";

/**
 * Changes whenever the settings do, the release aside, or the program.
 * Encrypted settings count as they stand in the file: encrypted anew, they are others.
 */
export function programFingerprint({ project, file }: Pick<StackContext, "project" | "file">): string {
  const settings = Object.entries(file.config).filter(([key]) => key !== "release");
  const hash = createHash("sha256").update(JSON.stringify(settings));
  const own = readdirSync(join(project.root, FOLDER), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .sort();
  for (const path of [...PROGRAM.map((name) => join(project.root, name)), ...own])
    hash.update(`\0${path.slice(project.root.length)}\0`).update(readFileSync(path));
  return hash.digest("hex").slice(0, 16);
}

/**
 * @param last the last entry of the ledger
 * @param fingerprint the program's as it is now
 * @param stateTime when the state was last written: by that deploy, or by somebody since
 */
export function isSameProgram(
  last: Entry | undefined,
  fingerprint: string,
  stateTime: string | undefined,
): boolean {
  if (!last?.passed || last.kind !== "deploy" || !last.program || stateTime === undefined) return false;
  return last.program.stateTime === stateTime && last.program.fingerprint === fingerprint;
}
