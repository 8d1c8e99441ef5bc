/**
 * What was built here rather than downloaded, and from what: a small file beside each such executable. An executable
 * without one is an official download and is never touched.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type Tool, toolPath } from "./pins.ts";
import { source } from "./paths.ts";

export interface Manifest {
  readonly tool: string;
  readonly version: string;
  /** Module and version that it was built from. */
  readonly builtFrom: string;
  /** Go that built it. */
  readonly go: string;
  /** Hash of the module's files and of the build's settings: another one means that it has to be built again. */
  readonly inputs: string;
  /** Size of the executable in bytes, by which one that took its place is told from it. */
  readonly size: number;
}

export type Origin = "downloaded" | "built from Go modules" | "missing";

/** One tool as it lies on this machine. */
export interface ToolReport {
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly origin: Origin;
  /** Module and version, of a built one. */
  readonly builtFrom?: string;
  /** False: built from other pins than those of this checkout. */
  readonly current: boolean;
}

/** By the executable's size: the next build's manifest comes to lie beside that of the one it is about to replace. */
function manifestPath(executable: string, size: number): string {
  return `${executable}.built-${size}.json`;
}

/** What is known about a tool on this machine. Reads only. */
export function reportTool(tool: Tool, home?: string): ToolReport {
  const path = toolPath(tool, home);
  const base = { name: tool.name, version: tool.version, path };
  const size = executableSize(path);
  if (size === undefined) return { ...base, origin: "missing", current: false };
  const manifest = readManifest(path, size);
  if (!manifest) return { ...base, origin: "downloaded", current: true };
  return {
    ...base,
    origin: "built from Go modules",
    builtFrom: manifest.builtFrom,
    current: manifest.inputs === inputsOf(tool),
  };
}

/** Puts a built executable and its manifest in place, each at once: nobody ever sees half of one. */
export function install(tool: Tool, built: string, go: string, home?: string): void {
  const path = toolPath(tool, home);
  const size = executableSize(built);
  if (size === undefined) throw new Error(`${built}: no executable came out of the build`);
  const manifest: Manifest = {
    tool: tool.name,
    version: tool.version,
    builtFrom: builtFrom(tool),
    go,
    inputs: inputsOf(tool),
    size,
  };
  // The manifest first: an executable without one would pass for an official one.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(manifest, null, 2)}\n`);
  renameSync(draft, manifestPath(path, size));
  const former = executableSize(path);
  renameSync(built, path);
  if (former !== undefined && former !== size) rmSync(manifestPath(path, former), { force: true });
}

/** Removes a built tool; an official one stays. */
export function removeBuilt(tool: Tool): void {
  const path = toolPath(tool);
  const size = executableSize(path);
  if (size === undefined || reportTool(tool).origin !== "built from Go modules") return;
  rmSync(path);
  rmSync(manifestPath(path, size));
}

/** `module@version`, the version as the go.mod has it. */
export function builtFrom(tool: Tool): string {
  const lines = readFileSync(source("modules", tool.source.folder, "go.mod"), "utf8").split("\n");
  const words = lines.map((line) =>
    line
      .trim()
      .split(/\s+/)
      .filter((word) => word !== "require"),
  );
  // A replacement is what is really compiled.
  const replaced = words.find((line) => line[0] === "replace" && line[1] === tool.source.module);
  if (replaced) return replaced.slice(replaced.indexOf("=>") + 1).join("@");
  if (words.some((line) => line[0] === "module" && line[1] === tool.source.module)) return tool.source.module;
  const required = words.find((line) => line[0] === tool.source.module);
  if (!required?.[1])
    throw new Error(`modules/${tool.source.folder}/go.mod does not require ${tool.source.module}`);
  return `${required[0]}@${required[1]}`;
}

/** Hash of everything that decides what a build makes, except the Go that does it. */
export function inputsOf(tool: Tool): string {
  const hash = createHash("sha256").update(JSON.stringify([tool, process.platform, process.arch]));
  for (const folder of foldersOf(tool))
    for (const file of files(folder)) hash.update(`${relative(folder, file)}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

/** The folder of the tool's module, and those beside it that its go.mod takes in. */
function foldersOf({ source: { folder } }: Tool): string[] {
  const goMod = readFileSync(source("modules", folder, "go.mod"), "utf8");
  const beside = [...goMod.matchAll(/^replace \S+ => \.\.\/(\S+)$/gm)].map(([, name = ""]) => name);
  return [folder, ...beside].map((name) => source("modules", name));
}

/** Removes what a killed run has left in a folder: its drafts, by the beginning of their names. Under the run's lock. */
export function removeDrafts(folder: string, ...beginnings: string[]): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((one) => beginnings.some((start) => one.startsWith(start)))) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** All files of a folder, in an order that is the same everywhere. */
export function files(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function readManifest(executable: string, size: number): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(manifestPath(executable, size), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

function executableSize(path: string): number | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() && stats.size > 0 && (stats.mode & 0o100) !== 0 ? stats.size : undefined;
}
