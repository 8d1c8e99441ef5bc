/**
 * The images that the stack is made of: the official ones where they can be pulled, stand-ins built from Debian's
 * packages where they cannot. A stand-in's tag is a hash of what it is built from, so what has not changed is not
 * built again.
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { basename, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { failed, messageOf } from "../cli/errors.ts";
import { type Log, attempt, paced, run, silent } from "./command.ts";
import { baseInputs, baseReference, buildBase, discardLeftovers } from "./image-base.ts";
import { addParts, partsOf } from "./image-parts.ts";
import { withLock } from "./lock.ts";
import { files, removeDrafts } from "./manifest.ts";
import { cacheFolder, source } from "./paths.ts";
import { BASE_IMAGE_NAMES, type BaseImageName, IMAGES, type ImageName, type Suite } from "./pins.ts";

export interface Image {
  /** What a container is created from. */
  readonly reference: string;
  readonly origin: "official" | "built" | "missing";
  /** The official image, whose place a built one takes. */
  readonly official: string;
}

export type ImageReport = Record<BaseImageName, Image> & Partial<Record<ImageName, Image>>;

export interface ImageOptions {
  /** @default those that every stack needs */
  readonly names?: readonly ImageName[];
  readonly log?: Log;
}

/** Pulls or builds what is missing. Docker has to be there. */
export async function ensureBaseImages({
  names = BASE_IMAGE_NAMES,
  log = silent,
}: ImageOptions = {}): Promise<ImageReport> {
  const before = await inspectImages(names);
  if (names.every((name) => before[name]?.origin !== "missing")) return before;
  await withLock(cacheFolder("images.lock"), log, async () => {
    removeDrafts(cacheFolder(), "context-");
    await discardLeftovers();
    const found = await inspectImages(names);
    for (const name of names) {
      if (found[name]?.origin === "missing" && !(await pull(IMAGES[name].official, log)))
        await buildImage(name, log);
    }
  });
  return inspectImages(names);
}

/** What is there, of what every stack needs and of `names`. Reads only. */
export async function inspectImages(names: readonly ImageName[] = []): Promise<ImageReport> {
  const listed = await attempt("docker", ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"], {
    timeout: 30,
  });
  const present = new Set((listed ?? "").split("\n"));
  const asked = [...new Set([...BASE_IMAGE_NAMES, ...names])];
  const entries = asked.map(async (name): Promise<[ImageName, Image]> => {
    const { official } = IMAGES[name];
    if (present.has(official)) return [name, { reference: official, origin: "official", official }];
    const reference = await standIn(name).catch(() => undefined);
    if (reference && present.has(reference)) return [name, { reference, origin: "built", official }];
    return [name, { reference: official, origin: "missing", official }];
  });
  return Object.fromEntries(await Promise.all(entries)) as ImageReport;
}

/** Seconds within which a registry has to begin to answer. */
const PROBE_SECONDS = 10;
let registryAnswers: boolean | undefined;

/** Pulls an image; false where no registry can be reached, which is found out once per run. */
async function pull(reference: string, log: Log): Promise<boolean> {
  if (registryAnswers === false) return false;
  log(`pulling ${reference}`);
  if (registryAnswers === undefined) {
    // Asks for a platform that there is not: a short answer, by way of the engine with its mirrors and proxy.
    const args = ["pull", "--quiet", "--platform", "linux/none", reference];
    const refusal = await run("docker", args, { timeout: PROBE_SECONDS }).then(() => undefined, messageOf);
    registryAnswers = refusal === undefined || /no match/i.test(refusal);
    if (!registryAnswers) return false;
  }
  await run("docker", ["pull", reference], { onLine: log, what: `docker pull ${reference}` });
  return true;
}

/** Name of the stand-in of an image as it would be built now. */
async function standIn(name: ImageName): Promise<string> {
  const hash = createHash("sha256").update(baseReference(await baseInputs(suiteOf(name))));
  const folder = folderOf(name);
  for (const file of files(folder)) hash.update(`${relative(folder, file)}\0`).update(readFileSync(file));
  for (const part of partsOf(name)) hash.update(`${part.name} ${part.version}\0`);
  return `tristack.local/${basename(folder)}:${hash.digest("hex").slice(0, 12)}`;
}

/** Where its Dockerfile is; Docker's names have no capitals. */
function folderOf(name: ImageName): string {
  return source(
    "images",
    name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  );
}

function suiteOf(name: ImageName): Suite {
  const { suite, official } = IMAGES[name];
  if (suite) return suite;
  const advice = name === "grafana" ? ", or monitoring.grafana.enabled: false" : "";
  throw failed(`${official} cannot be pulled, and there is no stand-in for it; needs a registry${advice}`);
}

async function buildImage(name: ImageName, log: Log): Promise<void> {
  const { official } = IMAGES[name];
  const suite = suiteOf(name);
  await requireSameArchitecture();
  const base = await ensureBase(suite, log);
  const context = mkdtempSync(cacheFolder("context-"));
  try {
    cpSync(folderOf(name), context, { recursive: true });
    await addParts(name, context, log);
    const args = [
      ...["build", "--network", "host", "--force-rm", "--tag", await standIn(name)],
      ...["--build-arg", `BASE=${base}`, ...proxyArguments()],
      ...["--label", `io.tristack.stand-in=${official}, built from Debian ${suite}, not downloaded`],
    ];
    const say = paced(log);
    const onLine = (line: string) => {
      const text = stripVTControlCharacters(line).trim();
      if (text) say(`${name}: ${text.slice(0, 100)}`);
    };
    log(`${name}: building a stand-in for ${official}`);
    await run("docker", [...args, context], {
      onLine,
      env: await builder(),
      what: `docker build of ${name}`,
    });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** The bottom of the stand-ins of one Debian release: its name, once it is there. */
export async function ensureBase(suite: Suite, log: Log): Promise<string> {
  const inputs = await baseInputs(suite);
  const reference = baseReference(inputs);
  if ((await attempt("docker", ["image", "inspect", reference])) === undefined) {
    mkdirSync(cacheFolder(), { recursive: true });
    await buildBase(inputs, log);
  }
  return reference;
}

/** Docker's own names, passed without their values: an argument list can be read by everybody. */
function proxyArguments(): string[] {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];
  return names.filter((name) => process.env[name]).flatMap((name) => ["--build-arg", name]);
}

/** The classic builder where Docker lacks buildx, as Debian's does. */
async function builder(): Promise<Record<string, string>> {
  const buildx = await attempt("docker", ["buildx", "version"], { timeout: 10 });
  return buildx === undefined
    ? { DOCKER_BUILDKIT: "0" }
    : { DOCKER_BUILDKIT: "1", BUILDKIT_PROGRESS: "plain" };
}

/** debootstrap and npm bring executables of this machine's kind. */
async function requireSameArchitecture(): Promise<void> {
  const engine = (await run("docker", ["version", "--format", "{{.Server.Arch}}"], { timeout: 30 })).trim();
  const own = process.arch === "x64" ? "amd64" : process.arch;
  if (engine === own) return;
  throw failed(
    `the Docker engine runs on ${engine}, this machine is ${own}: its images can only be pulled, not built here`,
  );
}
