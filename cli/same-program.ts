/**
 * Whether an update brings nothing but another release and other containers for it: then it needs no preview, which asks whether
 * data would be lost. What holds data follows from everything else, and all of that is as it was when the last deploy ended.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { StackContext } from "./deploy-context.ts";
import type { Entry } from "./ledger.ts";

/** What the program is made of besides the settings: itself, and its libraries. */
const PROGRAM = ["Pulumi.yaml", "index.ts", "main.js", "package-lock.json"];
const FOLDER = "components";

/** What is set of a service's containers alone. No volume, repository or database follows from it, as from `assets` or `image`. */
const OF_CONTAINERS: readonly string[] = [
  "command",
  "cpu",
  "drain",
  "environment",
  "health",
  "memory",
  "migrate",
  "replicas",
];

/**
 * Changes whenever the program does, or the settings: the release aside, and what is of containers alone.
 * Encrypted settings count as they stand in the file: encrypted anew, they are others.
 */
export function programFingerprint({ project, file }: Pick<StackContext, "project" | "file">): string {
  const settings = Object.entries(file.config)
    .filter(([key]) => key !== "release")
    .map(([key, value]) => [key, key === "services" ? withoutContainers(value) : value]);
  const hash = createHash("sha256").update(JSON.stringify(settings));
  const own = readdirSync(join(project.root, FOLDER), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .sort();
  for (const path of [...PROGRAM.map((name) => join(project.root, name)), ...own])
    hash.update(`\0${path.slice(project.root.length)}\0`).update(readFileSync(path));
  return hash.digest("hex").slice(0, 16);
}

/** @param services as they stand in the file, found valid */
function withoutContainers(services: unknown): unknown {
  const kept = structuredClone(services) as Readonly<Record<string, Record<string, unknown>>>;
  for (const service of Object.values(kept)) for (const setting of OF_CONTAINERS) delete service[setting];
  return kept;
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
  // One that did not pass and was gone back from has written the state as well, with all but the release as it is there.
  if (last?.kind !== "deploy" || !last.program || stateTime === undefined) return false;
  return last.program.stateTime === stateTime && last.program.fingerprint === fingerprint;
}
