/** `tristack start` (`npm start`): the whole application on this machine's Docker, from nothing. */
import { randomBytes } from "node:crypto";
import { Command, Option } from "commander";
import type { VpsSettings } from "../../components/settings.ts";
import type { ImageReport } from "../../toolchain/images.ts";
import { type Backend, ensureBackend, exportsFor } from "../backend.ts";
import type { Docker } from "../docker.ts";
import { Engine } from "../engine.ts";
import { badInput } from "../errors.ts";
import { summarize } from "../events.ts";
import { type BuildInputs, buildImage, builtServices, developmentVersion, missingImages } from "../images.ts";
import {
  type LocalChanges,
  mergeLocalSettings,
  readLocalSettings,
  writeLocalSettings,
} from "../local-settings.ts";
import { exclusively } from "../mutex.ts";
import { jsonOption, portOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { portsInUse } from "../ports.ts";
import { type Progress, createProgress } from "../progress.ts";
import { type Project, type StackFile, parseStackFile, readProject, readStackFile } from "../project.ts";
import { type SiteCheck, checkSite } from "../site.ts";
import { missingSecrets, objectOf, requireVps } from "../stack-settings.ts";
import { paced } from "../../toolchain/command.ts";
import { type Updated, openStack, update } from "../update.ts";
import { dockerOf } from "../stack-docker.ts";

const STACK = "local";

interface StartOptions {
  httpPort?: number;
  httpsPort?: number;
  json?: boolean;
  build: boolean;
  target: "vps";
}

export function startCommand(): Command {
  return new Command("start")
    .description(
      "bring the sample application up on this machine's Docker, from nothing; again: only what has changed",
    )
    .addOption(portOption("--http-port <n>", "port that redirects to HTTPS; kept in Pulumi.local.yaml"))
    .addOption(portOption("--https-port <n>", "port of the application; kept in Pulumi.local.yaml"))
    .option("--no-build", "run the images of the last start, whatever has changed in examples/app")
    .addOption(new Option("--target <target>", "where it runs").choices(["vps"]).default("vps"))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  npm start\n  npm start -- --https-port 9443\n  tristack start --no-build --json\n",
    )
    .action(start);
}

async function start(options: StartOptions): Promise<void> {
  const project = readProject();
  const ports = { httpPort: options.httpPort, httpsPort: options.httpsPort };
  // All of the input is checked before the first thing is made.
  const text = mergeLocalSettings(readLocalSettings(project), project.name, ports);
  const wanted = parseStackFile(project, STACK, text);
  const settings = await requireVps(project, STACK, wanted, missingSecrets(wanted));
  const docker = dockerOf(project, wanted);
  await checkPorts(project, wanted, docker);
  if (!options.build) await checkImages(project, wanted);
  await exclusively(project, STACK, () => bringUp({ project, options, ports, wanted, settings, docker }));
}

/** Checked input of a start. */
interface Checked {
  readonly project: Project;
  readonly options: StartOptions;
  readonly ports: Pick<LocalChanges, "httpPort" | "httpsPort">;
  readonly wanted: StackFile;
  readonly settings: VpsSettings;
  readonly docker: Docker;
}

async function bringUp({ project, options, ports, wanted, settings, docker }: Checked): Promise<void> {
  const began = Date.now();
  const progress = createProgress();
  const images = await prepareTools(options, settings, progress);
  const version = options.build ? await buildApplication(project, wanted, images, progress) : undefined;
  // Merged into what the file says by now, so that an edit made meanwhile is kept.
  const changes = { ...ports, version, images: standIns(images) };
  writeLocalSettings(project, mergeLocalSettings(readLocalSettings(project), project.name, changes));

  const backend = ensureBackend(project);
  const engine = new Engine(project, STACK, backend);
  const opened = await progress.step(`Stack ${STACK} in ${backend.url}`, () => prepareStack(engine, docker));
  const result = await update(engine, docker, progress, opened);
  const { outputs } = result;
  const selfSigned = settings.certificates.issuer === "self-signed";
  const checks = await progress.step("Asking the site", (say) => checkSite(urlsOf(outputs), selfSigned, say));
  report(options, { backend, result, outputs, checks, seconds: Math.round((Date.now() - began) / 100) / 10 });
}

async function prepareTools(
  options: StartOptions,
  { monitoring }: VpsSettings,
  progress: Progress,
): Promise<ImageReport> {
  // Loaded here, so that `--help` need not wait for them.
  const { ensureDocker } = await import("../../toolchain/docker.ts");
  const { ensurePulumi } = await import("../../toolchain/pulumi.ts");
  const { ensureBaseImages } = await import("../../toolchain/images.ts");
  await progress.step("Docker", (say) => ensureDocker({ log: paced(say) }));
  await progress.step("Pulumi's CLI and plugins", (say) =>
    ensurePulumi({ target: options.target, log: paced(say) }),
  );
  const { imagesOf } = await import("../../toolchain/pins.ts");
  const names = imagesOf({ monitoring: monitoring !== undefined, grafana: monitoring?.grafana.enabled });
  return progress.step("Base images", (say) => ensureBaseImages({ names, log: paced(say) }));
}

async function checkPorts(project: Project, file: StackFile, docker: Docker): Promise<void> {
  const proxy = objectOf(file.config.proxy);
  const ports = {
    "--http-port": Number(proxy.httpPort ?? 80),
    "--https-port": Number(proxy.httpsPort ?? 443),
  };
  // Without Docker nothing of ours runs yet.
  const own = await docker.containers({ project: project.name, stack: STACK }).catch(() => []);
  const used = await portsInUse(Object.values(ports), own, docker);
  const flagOf = (port: number) => Object.entries(ports).find(([, one]) => one === port)?.[0] ?? "";
  const problems = used.map(
    ({ port, by }) => `port ${port} is in use by ${by}; needs a free one: npm start -- ${flagOf(port)} N`,
  );
  if (problems.length > 0) throw badInput(...problems);
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
    owner: { project: project.name, stack: STACK },
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
function standIns(images: ImageReport): Record<string, string> {
  const notOfTheStack = ["node", "python"];
  return Object.fromEntries(
    Object.entries(images)
      .filter(([name, { origin }]) => origin === "built" && !notOfTheStack.includes(name))
      .map(([name, { reference }]) => [name, reference]),
  );
}

/** Creates the stack the first time, and makes up the secrets that its services ask for. */
async function prepareStack(engine: Engine, docker: Docker) {
  const opened = await openStack(engine, docker);
  const file = readStackFile(engine.project, STACK);
  for (const name of file ? missingSecrets(file) : []) {
    await engine.setSecret(name, randomBytes(32).toString("hex"));
  }
  return opened;
}

/** What to ask: the page, the API's health. */
function urlsOf(outputs: Readonly<Record<string, unknown>>): string[] {
  const { web, health } = objectOf(outputs.urls);
  return [...new Set([web, health])].filter((url) => typeof url === "string");
}

interface Result {
  readonly backend: Backend;
  readonly result: Updated;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly checks: readonly SiteCheck[];
  readonly seconds: number;
}

function report(options: StartOptions, { backend, result, outputs, checks, seconds }: Result): void {
  const urls = objectOf(outputs.urls);
  const exports = exportsFor(backend);
  if (options.json) {
    const { changes, changed, warnings, recovered } = result;
    return printJson({ stack: STACK, urls, changes, changed, warnings, recovered, checks, exports, seconds });
  }
  for (const warning of result.warnings) print(`warning: ${warning}`);
  print(`\n${summarize(result.changes)}, ${seconds} s.\n`);
  for (const [name, url] of Object.entries(urls))
    if (typeof url === "string") print(`  ${name.padEnd(8)}${url}`);
  if (exports.length > 0) {
    print("\nFor plain `npx pulumi` (such as `npx pulumi preview --stack local`):");
    for (const line of exports) print(`  ${line}`);
  }
  print("\nTo remove it all, with its data: npx tristack destroy local");
}
