/** Images of the sample application, built from examples/app when `tristack start` brings it up. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { LABEL, type Owner } from "../components/shared/labels.ts";
import { failed } from "./errors.ts";
import { LOCAL_REGISTRY } from "./local-settings.ts";
import type { Say } from "./progress.ts";
import type { Project } from "./project.ts";
import { objectOf } from "./stack-settings.ts";

/** What a build takes besides its folder. */
export interface BuildInputs {
  /** Base images that the Dockerfiles start from, as their build arguments: NODE_IMAGE, PYTHON_IMAGE. */
  readonly baseImages: Readonly<Record<string, string>>;
  readonly owner: Owner;
}

/** Made by tools, in whatever folder: different on every machine and in no image. */
const NO_INPUT = new Set(["node_modules", ".next", "__pycache__"]);

/** Services whose image is built here: `image: tristack.local/<name>`, with a folder of that name. */
export function builtServices(project: Project, config: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(objectOf(config.services))
    .map(([, service]) => objectOf(service).image)
    .filter((image) => typeof image === "string")
    .filter((image) => image.startsWith(LOCAL_REGISTRY))
    .map((image) => image.slice(LOCAL_REGISTRY.length))
    .filter((name, index, all) => all.indexOf(name) === index)
    .filter((name) => existsSync(join(sourceFolder(project, name), "Dockerfile")))
    .sort();
}

function sourceFolder(project: Project, name: string): string {
  return join(project.root, "examples", "app", name);
}

/** `dev-<hash>` of everything that the images are made of: the same sources give the same version. */
export async function developmentVersion(
  project: Project,
  names: readonly string[],
  inputs: BuildInputs,
): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([inputs.baseImages, inputs.owner, process.arch]));
  for (const name of names) {
    const folder = sourceFolder(project, name);
    for (const file of (await inputFiles(folder)).sort()) {
      hash.update(`${name}/${file}\0`).update(await readFile(join(folder, file)));
    }
  }
  return `dev-${hash.digest("hex").slice(0, 12)}`;
}

/** Files of a build: what .dockerignore lets in by name (`*`, then `!name`), and the two that steer the build. */
async function inputFiles(folder: string): Promise<string[]> {
  const ignore = (await readFile(join(folder, ".dockerignore"), "utf8").catch(() => ""))
    .split("\n")
    .map((line) => line.trim());
  const steering = ["Dockerfile", ".dockerignore"].filter((name) => existsSync(join(folder, name)));
  const named = ignore.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  const roots = ignore.includes("*") ? named : await readdir(folder);
  const lists = roots.filter((name) => !steering.includes(name)).map((name) => filesBelow(folder, name));
  return [...steering, ...(await Promise.all(lists)).flat()];
}

async function filesBelow(folder: string, path: string): Promise<string[]> {
  const stats = await stat(join(folder, path)).catch(() => undefined);
  if (stats?.isFile()) return [path];
  if (!stats?.isDirectory()) return [];
  const names = (await readdir(join(folder, path))).filter((name) => !NO_INPUT.has(name));
  return (await Promise.all(names.map((name) => filesBelow(folder, join(path, name))))).flat();
}

/** `tristack.local/web:dev-…` */
export function imageName(name: string, version: string): string {
  return `${LOCAL_REGISTRY}${name}:${version}`;
}

/** Those of `names` that Docker does not have in this version. */
export async function missingImages(names: readonly string[], version: string): Promise<string[]> {
  const found = await Promise.all(
    names.map((name) =>
      execa("docker", ["image", "inspect", imageName(name, version)], { reject: false, stdin: "ignore" }),
    ),
  );
  return names.filter((_, index) => found[index]?.failed);
}

/** Builds one image; `say` gets the builder's lines. */
export async function buildImage(
  project: Project,
  name: string,
  version: string,
  inputs: BuildInputs,
  say: Say,
) {
  const buildkit = await hasBuildx();
  const settings = { ...inputs.baseImages, RELEASE: version, ...(await registrySettings()) };
  const labels = {
    [LABEL.project]: inputs.owner.project,
    [LABEL.stack]: inputs.owner.stack,
    [LABEL.service]: name,
  };
  const build = execa(
    "docker",
    [
      "build",
      "--network=host",
      `--tag=${imageName(name, version)}`,
      ...Object.entries(labels).map(([label, value]) => `--label=${label}=${value}`),
      // Only the names: Docker takes the values from the environment, so that none stands in the argument list.
      ...Object.keys(settings).map((key) => `--build-arg=${key}`),
      sourceFolder(project, name),
    ],
    {
      env: { ...settings, DOCKER_BUILDKIT: buildkit ? "1" : "0", BUILDKIT_PROGRESS: "plain" },
      all: true,
      reject: false,
      stdin: "ignore",
    },
  );
  const lines: string[] = [];
  for await (const raw of build.iterable({ from: "all" })) {
    const line = stripVTControlCharacters(raw).trim();
    if (line === "") continue;
    lines.push(line);
    say(line);
  }
  if ((await build).failed) {
    throw failed(`docker build of ${name} failed:\n${lines.slice(-SHOWN_LINES).join("\n")}`);
  }
}

/** Lines of a failed build that are shown: enough for npm's usage text and what it said before. */
const SHOWN_LINES = 60;

async function hasBuildx(): Promise<boolean> {
  return !(await execa("docker", ["buildx", "version"], { reject: false, stdin: "ignore" })).failed;
}

const NPM_DEFAULT = "https://registry.npmjs.org/";
const PIP_DEFAULT = "https://pypi.org/simple";

/** Package registries of this machine, where they are not the usual ones. */
async function registrySettings(): Promise<Record<string, string>> {
  const npm = await said("npm", ["config", "get", "registry"]);
  const pip = process.env.PIP_INDEX_URL ?? (await said("pip", ["config", "get", "global.index-url"]));
  const settings: Record<string, string> = {};
  if (npm && npm !== "undefined" && npm !== NPM_DEFAULT) settings.NPM_CONFIG_REGISTRY = npm;
  if (pip && pip.replace(/\/$/, "") !== PIP_DEFAULT) settings.PIP_INDEX_URL = pip;
  return settings;
}

async function said(command: string, args: readonly string[]): Promise<string | undefined> {
  const result = await execa(command, args, { reject: false, stdin: "ignore", timeout: 30_000 });
  return result.failed ? undefined : result.stdout.trim() || undefined;
}
