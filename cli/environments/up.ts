/** Bringing an environment up, or up to date: stack, settings and secrets first, then a release as any other stack gets one. */
import type { ReleaseSetting } from "../../components/settings.ts";
import { urlsOf } from "../../components/outputs.ts";
import { type Backend, isCloud } from "../backend.ts";
import { openContext, refusePinnedRelease, settingsWith } from "../deploy-context.ts";
import type { Docker } from "../docker.ts";
import { Engine, engineBinary } from "../engine.ts";
import { badInput, failed } from "../errors.ts";
import { exclusively } from "../mutex.ts";
import { createProgress } from "../progress.ts";
import { type Project, type StackFile, parseStackFile, readStackFile } from "../project.ts";
import { protectionOf } from "../protection.ts";
import type { Released } from "../release.ts";
import { withRelease } from "../release-file.ts";
import { collectSecrets, namedProvider, selectPassphrase } from "../stack-secrets.ts";
import { dockerOf } from "../stack-docker.ts";
import { allMissingSecrets, isBare, isElsewhere, objectOf, requireApplication } from "../stack-settings.ts";
import { openStack } from "../update.ts";
import { edgeOf, ensureEdge } from "./edge.ts";
import { environmentOf } from "./find.ts";
import type { EnvironmentName } from "./names.ts";
import { choosePorts } from "./ports.ts";
import { type EnvironmentRecord, extendedExpiry, readRecord, utc, writeRecord } from "./record.ts";
import { type Seed, readSeed, seedDatabase } from "./seed.ts";
import {
  type Template,
  environmentSettings,
  keepingSecrets,
  readTemplate,
  refuseOwnFile,
  writeMade,
} from "./template.ts";

export interface UpOrder {
  readonly environment: EnvironmentName;
  readonly release: ReleaseSetting;
  readonly template: string;
  /** Time from now on in which no sweep destroys it, such as `7d`. */
  readonly lifetime: string;
  /** File that its database is filled with, once. */
  readonly seed?: string;
}

export interface BroughtUp {
  readonly stack: string;
  readonly url: string;
  readonly urls: ReturnType<typeof urlsOf>;
  readonly pullRequest: number | null;
  readonly expiresAt: string;
  /** Whether it was not there before. */
  readonly created: boolean;
  /** Whether its database was filled now. */
  readonly seeded: boolean;
  readonly release: Released;
}

/** @throws CliError with exit code 1 where the release did not pass: the environment stays as it then is, for another `up` or `down` */
export async function bringUp(project: Project, backend: Backend, order: UpOrder): Promise<BroughtUp> {
  const { environment, release } = order;
  const { stack } = environment;
  const template = readTemplate(project, order.template);
  const seed = order.seed === undefined ? undefined : await readSeed(order.seed);
  await check(project, order, template, seed);
  engineBinary();
  const prepared = await exclusively(project, stack, () => prepare(project, backend, order, template));

  const context = openContext(stack);
  const settings = await settingsWith(context, release);
  const edge = settings.target === "vps" ? edgeOf(settings) : undefined;
  const { docker } = prepared;
  if (edge && docker)
    await createProgress().step(`Edge ${edge.name}`, (say) => ensureEdge(docker, edge, say));
  const { release: bring } = await import("../release.ts");
  const released = await bring(context, settings, { kind: "deploy", choose: () => release });
  const { lastDeploy, version, warnings } = released;
  if (!lastDeploy.passed)
    throw failed(
      `${version} did not pass: ${lastDeploy.reason ?? "unknown"}\n` +
        `What there is of ${stack} stays until it expires; bring up another version, or: tristack environment down ${stack}`,
    );
  const { engine, record } = prepared;
  const seeding = seed !== undefined && record.seeded !== true;
  if (seeding && settings.target === "vps" && docker) {
    await seedDatabase(engine, docker, settings, seed, createProgress());
    await writeRecord(engine, { ...record, seeded: true });
  }
  const { expiresAt, pullRequest = null } = record;
  const urls = urlsOf(settings);
  return {
    stack,
    url: urls.web,
    urls,
    pullRequest,
    expiresAt,
    created: prepared.created,
    seeded: seeding,
    release: { ...released, warnings },
  };
}

/** All that can be wrong is said before anything is made. */
async function check(
  project: Project,
  { environment, release }: UpOrder,
  template: Template,
  seed: Seed | undefined,
): Promise<void> {
  refuseOwnFile(project, environment.stack);
  const text = environmentSettings(project, template, environment, {
    expiresAt: "2000-01-01T00:00:00Z",
    ports: undefined,
  });
  const file = { ...parseStackFile(project, environment.stack, text), name: template.path };
  if (isBare(file))
    throw badInput(
      `${template.path}: target is ${String(file.config.target)}; needs one of: vps, kubernetes, aws`,
    );
  refusePinnedRelease({ file });
  const promised = allMissingSecrets(file);
  const whole = parseStackFile(project, environment.stack, withRelease(project, file, release));
  const settings = await requireApplication(project, environment.stack, whole, promised);
  if (seed && settings.target !== "vps")
    throw badInput(
      `--seed: the target is ${settings.target}, whose database nobody reaches from here; needs a command of the application ` +
        "that fills it, behind the migrations in `migrate` (docs/environments.md)",
    );
}

interface Ready {
  readonly engine: Engine;
  readonly docker: Docker | undefined;
  readonly record: EnvironmentRecord;
  readonly created: boolean;
}

/** The stack with its record and its secrets. */
async function prepare(
  project: Project,
  backend: Backend,
  { environment, lifetime }: UpOrder,
  template: Template,
): Promise<Ready> {
  const { stack, name, pullRequest } = environment;
  const progress = createProgress();
  const engine = new Engine(project, stack, backend);
  const before = await progress.step(`Environment ${name} in ${backend.url}`, () => known(engine));
  const file = (kept: Pick<EnvironmentRecord, "expiresAt" | "ports">) =>
    parseStackFile(project, stack, environmentSettings(project, template, environment, kept));
  const now = new Date();
  const expiresAt = extendedExpiry(before?.expiresAt, lifetime, now);
  const draft = file({ expiresAt });
  const docker = isElsewhere(draft) ? undefined : dockerOf(project, draft);
  const ports =
    docker && needsPorts(draft) ? (before?.ports ?? (await choosePorts(docker, name))) : undefined;
  const record: EnvironmentRecord = {
    expiresAt,
    createdAt: before?.createdAt ?? utc(now),
    ...(pullRequest === undefined ? {} : { pullRequest }),
    template: template.path,
    ...(ports ? { ports } : {}),
    ...(before?.seeded ? { seeded: true } : {}),
  };
  const { text } = file({ expiresAt, ports });
  const secrets = await gatherSecrets(project, stack, text);
  const provider = namedProvider(text) ?? (isCloud(backend.url) ? "default" : "passphrase");
  await selectPassphrase(project, provider, false);
  writeMade(project, stack, secrets.text);
  const { created } = await progress.step(`Stack ${stack}`, () => openStack(engine, docker, provider));
  // Before anything else of it is made: what fails from here on, `down` and `sweep` find.
  await writeRecord(engine, record);
  for (const [secret, value] of Object.entries(secrets.values))
    await progress.step(`Secret ${secret}`, () => engine.setSecret(secret, value));
  return { engine, docker, record, created };
}

/** What is kept of it; undefined where there is none yet. @throws CliError with exit code 2 of a stack that is none */
async function known(engine: Engine): Promise<EnvironmentRecord | undefined> {
  const { stackName: stack } = engine;
  const record = await readRecord(engine);
  const deployment = await engine.state();
  if (deployment === undefined) return undefined;
  const reason = protectionOf(stack, deployment, undefined);
  if (reason !== undefined) throw badInput(reason.replace("Nothing was removed", "Nothing was changed"));
  if (!environmentOf(stack, record, deployment))
    throw badInput(`The stack ${stack} is no preview environment; needs another name. Nothing was changed.`);
  return record;
}

/** Only nginx publishes ports, and several cannot have the same: where the template names neither an edge nor ports, some are chosen. */
function needsPorts({ config }: StackFile): boolean {
  const { httpPort, httpsPort, edge } = objectOf(config.proxy);
  return [httpPort, httpsPort, edge].every((one) => one === undefined);
}

/** Secrets that the template does not hold: of the environment's variables, or of an earlier run in this checkout. */
async function gatherSecrets(project: Project, stack: string, made: string) {
  const wanted = allMissingSecrets(parseStackFile(project, stack, made));
  const given = wanted.filter((name) => process.env[`TRISTACK_SECRET_${name}`] !== undefined);
  const text = keepingSecrets(project, made, readStackFile(project, stack));
  const kept = objectOf(parseStackFile(project, stack, text).config.secrets);
  const missing = wanted.filter((name) => given.includes(name) || !(name in kept));
  return { text, values: await collectSecrets(missing, false) };
}
