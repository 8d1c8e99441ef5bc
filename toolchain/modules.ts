/** Builds tools from Go modules, where they cannot be downloaded. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { mkdir, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failed, messageOf } from "../cli/errors.ts";
import { type Log, onPath, paced, run } from "./command.ts";
import { install, removeDrafts } from "./manifest.ts";
import { cacheFolder, source } from "./paths.ts";
import { type GoSource, type Tool, toolPath } from "./pins.ts";

/** Go's build cache while the tools are built, measured, and some air. */
const NEEDED_GIB = 6;
const GIB = 1024 ** 3;
/** The AWS plugin takes 35 min on two processors that have nothing else to do. What was compiled by then is kept for the next try. */
const BUILD_SECONDS = 5400;
const DRAFT = ".build-";

/** Builds tools one after the other and puts each in place as soon as it is there. */
export async function build(tools: readonly Tool[], log: Log): Promise<void> {
  // A cache of its own: it grows to gigabytes, is of no use once the tools are there, and the user's is not ours to fill.
  const cache = cacheFolder("go-build");
  await mkdir(cache, { recursive: true });
  await requireSpace(cache);
  for (const tool of tools) await buildOne(tool, cache, log);
  rmSync(cache, { recursive: true, force: true });
}

async function buildOne(tool: Tool, cache: string, log: Log): Promise<void> {
  const cwd = source("modules", tool.source.folder);
  const env = {
    GOCACHE: cache,
    GOWORK: "off",
    // As the official ones: an executable that needs nothing of the machine it runs on, nor a C compiler to build.
    CGO_ENABLED: "0",
  };
  const go = await goVersion(cwd, env);

  const say = paced(log);
  let modules = 0;
  const onDownload = (line: string) => {
    if (line.startsWith("go: downloading")) say(`${tool.name}: fetching Go modules, ${++modules}`);
  };
  let compiled = 0;
  const path = toolPath(tool);
  await mkdir(dirname(path), { recursive: true });
  removeDrafts(dirname(path), DRAFT);
  // Beside where it will lie, so that moving it there is one step.
  const draft = mkdtempSync(join(dirname(path), DRAFT));
  try {
    log(`${tool.name}: looking up what it is made of`);
    const overlay = await embedding(tool.source, cwd, env, draft);
    const tags = tool.source.tags ? ["-tags", tool.source.tags.join(",")] : [];
    const list = ["list", "-mod=readonly", "-deps", ...tags, ...overlay, tool.source.package];
    const packages = await run("go", list, {
      cwd,
      env,
      onLine: onDownload,
      what: `go list for ${tool.name}`,
    });
    const total = packages.trim().split("\n").length;

    const onCompile = (line: string) => {
      if (!line.includes(" ")) say(`${tool.name}: compiled ${++compiled} of at most ${total} packages`);
    };
    const built = join(draft, tool.name);
    const args = [
      "build",
      "-v",
      "-mod=readonly",
      "-trimpath",
      "-buildvcs=false",
      "-ldflags",
      linkerFlags(tool),
      ...tags,
      ...overlay,
      "-o",
      built,
    ];
    await run("go", [...args, tool.source.package], {
      cwd,
      env,
      onLine: onCompile,
      what: `go build of ${tool.name}`,
      timeout: BUILD_SECONDS,
    });
    await check(tool, built);
    await layBeside(tool, cwd, env);
    install(tool, inFront(tool, built), go);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Files that a main package embeds lie in its module's folder, and nothing of it is copied into this project: an overlay
 * lays them beside the package for the build alone.
 */
async function embedding(
  { embed, module, package: main }: GoSource,
  cwd: string,
  env: Record<string, string>,
  draft: string,
): Promise<string[]> {
  if (!embed) return [];
  const folder = await folderOf(module, cwd, env);
  const Replace = Object.fromEntries(
    Object.entries(embed).map(([name, path]) => [join(cwd, main, name), join(folder, path)]),
  );
  const file = join(draft, "overlay.json");
  writeFileSync(file, JSON.stringify({ Replace }));
  return ["-overlay", file];
}

/** Puts what was built into a folder beside its place, where a script is to have that place. Returns what is to have it. */
function inFront(tool: Tool, built: string): string {
  const { folder, front } = tool.source;
  if (front === undefined) return built;
  const behind = `${toolPath(tool)}.d`;
  mkdirSync(behind, { recursive: true });
  renameSync(built, join(behind, tool.name));
  copyFileSync(source("modules", folder, front), built);
  chmodSync(built, 0o755);
  return built;
}

async function layBeside(tool: Tool, cwd: string, env: Record<string, string>): Promise<void> {
  for (const [name, { module, path }] of Object.entries(tool.source.beside ?? {})) {
    const target = join(dirname(toolPath(tool)), name);
    rmSync(target, { recursive: true, force: true });
    cpSync(join(await folderOf(module, cwd, env), path), target, { recursive: true });
    // Go keeps modules read-only, and the copy would be, too.
    await run("chmod", ["-R", "u+w", target]);
  }
}

/** Where a module's files lie, downloaded if they are not there yet: `go list -m` would then say nothing. */
async function folderOf(module: string, cwd: string, env: Record<string, string>): Promise<string> {
  const told = await run("go", ["mod", "download", "-json", module], { cwd, env });
  return (JSON.parse(told) as { Dir: string }).Dir;
}

const QUESTIONS = {
  cli: ["version"],
  plugin: ["-version"],
  language: ["--help"],
  cluster: ["--version"],
} as const;

/** Runs what came out: it has to start, and to know its version. */
async function check(tool: Tool, built: string): Promise<void> {
  const question = tool.source.question ?? QUESTIONS[tool.kind];
  const answer = await run(built, question, { what: `${tool.name}, just built`, timeout: 60 });
  const words = answer.split(/[\s,]+/).map((word) => word.replace(/^(?:CoreDNS-|v)|\+unknown$/g, ""));
  if (tool.kind === "language" || words.includes(tool.version)) return;
  throw failed(`${tool.name}, just built, says that it is ${answer.trim()}; needs ${tool.version}`);
}

/** No symbol table, no debug information: half the size. */
function linkerFlags(tool: Tool): string {
  const set = Object.entries(tool.source.set ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  return ["-s", "-w", ...set].join(" ");
}

/** The Go that will build the module in `cwd`. Go itself says whether it is new enough, or gets one that is. */
async function goVersion(cwd: string, env: Record<string, string>): Promise<string> {
  const advice =
    "install Go 1.26 or newer (https://go.dev/doc/install), or use a network that reaches get.pulumi.com";
  if (!(await onPath("go"))) {
    throw failed(`Pulumi cannot be downloaded here and has to be built, but there is no Go: ${advice}`);
  }
  try {
    return (await run("go", ["env", "GOVERSION"], { cwd, env })).trim();
  } catch (error) {
    throw failed(
      `Pulumi cannot be downloaded here and has to be built, but this Go cannot (${messageOf(error)}): ${advice}`,
      error,
    );
  }
}

async function requireSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = (bavail * bsize) / GIB;
  if (free < NEEDED_GIB) {
    throw failed(`${folder}: ${free.toFixed(1)} GiB free; building Pulumi needs ${NEEDED_GIB} GiB`);
  }
}
