/** `tristack start` (`npm start`): the whole application on this machine, from nothing. */
import { randomBytes } from "node:crypto";
import { Command, Option } from "commander";
import type { SelfHostedSettings } from "../../components/settings.ts";
import { paced } from "../../toolchain/command.ts";
import type { ImageReport } from "../../toolchain/images.ts";
import { type Backend, ensureBackend, exportsFor } from "../backend.ts";
import type { Docker } from "../docker.ts";
import { Engine } from "../engine.ts";
import { badInput } from "../errors.ts";
import { summarize } from "../events.ts";
import {
  type BuildInputs,
  buildImage,
  builtServices,
  developmentVersion,
  imageName,
  missingImages,
} from "../images.ts";
import {
  type LocalChanges,
  mergeLocalSettings,
  readLocalSettings,
  writeLocalSettings,
} from "../local-settings.ts";
import { exclusively } from "../mutex.ts";
import { jsonOption, portOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { type Progress, createProgress } from "../progress.ts";
import { type Project, type StackFile, parseStackFile, readProject, readStackFile } from "../project.ts";
import { type SiteCheck, checkSite } from "../site.ts";
import { missingSecrets, objectOf, requireSelfHosted } from "../stack-settings.ts";
import type { Place, StartOptions } from "../start/place.ts";
import { type Updated, openStack, update } from "../update.ts";

/** Stack that the images are labelled with: destroying it removes them. */
const IMAGES_OF = "local";
const PLACES = ["vps", "kubernetes"] as const;

export function startCommand(): Command {
  return new Command("start")
    .description(
      "bring the sample application up on this machine, from nothing; again: only what has changed",
    )
    .addOption(
      new Option("--target <target>", "where it runs: Docker, or a Kubernetes cluster made for it")
        .choices(PLACES)
        .default("vps"),
    )
    .addOption(portOption("--http-port <n>", "port that redirects to HTTPS; kept in Pulumi.local.yaml"))
    .addOption(portOption("--https-port <n>", "port of the application; kept in Pulumi.local.yaml"))
    .option("--no-build", "run the images of the last start, whatever has changed in examples/app")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  npm start\n  npm start -- --https-port 9443\n  npm start -- --target kubernetes\n  tristack start --no-build --json\n",
    )
    .action(start);
}

async function placeOf({ target }: StartOptions): Promise<Place> {
  if (target === "vps") return (await import("../start/docker-place.ts")).dockerPlace;
  return (await import("../start/cluster-place.ts")).clusterPlace;
}

async function start(options: StartOptions): Promise<void> {
  const project = readProject();
  const place = await placeOf(options);
  const { stack } = place;
  const changes = place.changes(options);
  // All of the input is checked before the first thing is made.
  const text = mergeLocalSettings(readLocalSettings(project, stack), project.name, changes, stack);
  const wanted = parseStackFile(project, stack, text);
  const promised = [...missingSecrets(wanted), ...missingOf(place, wanted)];
  const settings = await requireSelfHosted(project, stack, wanted, promised);
  await place.check(project, wanted, settings);
  if (!options.build) await checkImages(project, wanted);
  await exclusively(project, stack, () => bringUp({ project, options, place, changes, wanted, settings }));
}

/** Checked input of a start. */
interface Checked {
  readonly project: Project;
  readonly options: StartOptions;
  readonly place: Place;
  readonly changes: LocalChanges;
  readonly wanted: StackFile;
  readonly settings: SelfHostedSettings;
}

async function bringUp({ project, options, place, changes, wanted, settings }: Checked): Promise<void> {
  const began = Date.now();
  const { stack } = place;
  const docker = place.docker(project, wanted);
  const progress = createProgress();
  const images = await place.prepare(settings, progress);
  const version = options.build ? await buildApplication(project, wanted, images, progress) : undefined;
  // Merged into what the file says by now, so that an edit made meanwhile is kept.
  const all = { ...changes, version, images: standIns(images, settings) };
  const text = mergeLocalSettings(readLocalSettings(project, stack), project.name, all, stack);
  writeLocalSettings(project, text, stack);
  const { release } = parseStackFile(project, stack, text).config;
  const runs = objectOf(release).version;
  if (typeof runs === "string")
    await place.deliver(
      builtServices(project, wanted.config).map((name) => imageName(name, runs)),
      progress,
    );

  const backend = ensureBackend(project);
  const engine = new Engine(project, stack, backend);
  const opened = await progress.step(`Stack ${stack} in ${backend.url}`, () =>
    prepareStack(engine, docker, place),
  );
  const result = await update(engine, docker, progress, opened);
  const { outputs } = result;
  const selfSigned = settings.certificates.issuer !== "letsencrypt";
  const checks = await progress.step("Asking the site", (say) => checkSite(urlsOf(outputs), selfSigned, say));
  report(options, {
    backend,
    stack,
    result,
    outputs,
    checks,
    seconds: Math.round((Date.now() - began) / 100) / 10,
  });
}

/** Secrets of the place's own that the settings do not hold yet. */
function missingOf({ secrets }: Place, { config }: StackFile): string[] {
  const there = objectOf(config.secrets);
  return secrets.filter((name) => !(name in there));
}

/** With --no-build: the images of the release in the settings have to be there. */
async function checkImages(project: Project, file: StackFile): Promise<void> {
  const names = builtServices(project, file.config);
  const { version } = objectOf(file.config.release);
  const missing = typeof version === "string" ? await missingImages(names, version) : names;
  if (missing.length === 0) return;
  throw badInput(
    `--no-build: there are no images of ${missing.join(", ")} from an earlier start; needs a start without it`,
  );
}

/** Builds what has changed; the version, or undefined when no service's image is built here. */
async function buildApplication(
  project: Project,
  file: StackFile,
  images: ImageReport,
  progress: Progress,
): Promise<string | undefined> {
  const names = builtServices(project, file.config);
  if (names.length === 0) return undefined;
  const inputs: BuildInputs = {
    baseImages: { NODE_IMAGE: images.node.reference, PYTHON_IMAGE: images.python.reference },
    // One set of images, wherever they run.
    owner: { project: project.name, stack: IMAGES_OF },
  };
  const version = await developmentVersion(project, names, inputs);
  for (const name of await missingImages(names, version)) {
    await progress.step(`Image of ${name} (${version})`, (say) =>
      buildImage(project, name, version, inputs, paced(say)),
    );
  }
  return version;
}

/** Images of the stack's own parts that were built here, since the official ones could not be pulled. */
function standIns(images: ImageReport, settings: SelfHostedSettings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(images)
      .filter(([name, { origin }]) => origin === "built" && name in settings.images)
      .map(([name, { reference }]) => [name, reference]),
  );
}

/** Creates the stack the first time, and makes up the secrets that it asks for. */
async function prepareStack(engine: Engine, docker: Docker | undefined, place: Place) {
  const opened = await openStack(engine, docker);
  const file = readStackFile(engine.project, place.stack);
  if (!file) return opened;
  for (const name of missingSecrets(file)) await engine.setSecret(name, randomBytes(32).toString("hex"));
  const made = await place.makeSecrets(missingOf(place, file));
  for (const [name, value] of Object.entries(made)) await engine.setSecret(name, value);
  return opened;
}

/** What to ask: the page, the API's health. */
function urlsOf(outputs: Readonly<Record<string, unknown>>): string[] {
  const { web, health } = objectOf(outputs.urls);
  return [...new Set([web, health])].filter((url) => typeof url === "string");
}

interface Result {
  readonly backend: Backend;
  readonly stack: string;
  readonly result: Updated;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly checks: readonly SiteCheck[];
  readonly seconds: number;
}

function report(options: StartOptions, { backend, stack, result, outputs, checks, seconds }: Result): void {
  const urls = objectOf(outputs.urls);
  const exports = exportsFor(backend);
  if (options.json) {
    const { changes, changed, warnings, recovered } = result;
    return printJson({ stack, urls, changes, changed, warnings, recovered, checks, exports, seconds });
  }
  for (const warning of result.warnings) print(`warning: ${warning}`);
  print(`\n${summarize(result.changes)}, ${seconds} s.\n`);
  for (const [name, url] of Object.entries(urls))
    if (typeof url === "string") print(`  ${name.padEnd(8)}${url}`);
  if (exports.length > 0) {
    print(`\nFor plain \`npx pulumi\` (such as \`npx pulumi preview --stack ${stack}\`):`);
    for (const line of exports) print(`  ${line}`);
  }
  print(`\nTo remove it all, with its data: npx tristack destroy ${stack}`);
}
