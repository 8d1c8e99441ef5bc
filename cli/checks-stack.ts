/** What `tristack doctor` looks at in one stack. */
import { existsSync } from "node:fs";
import { type Backend, backendFacts, chooseBackend, isCloud } from "./backend.ts";
import { type Check, missing, note, ok } from "./checks.ts";
import type { Docker } from "./docker.ts";
import { Engine, engineFolder } from "./engine.ts";
import { messageOf } from "./errors.ts";
import { portsInUse } from "./ports.ts";
import type { Project, StackFile } from "./project.ts";
import { readLocks, thisMachine } from "./locks.ts";
import {
  type AnyLock,
  type Machine,
  decide,
  failedOnce,
  holderOf,
  judgeLock,
  unrecorded,
  vanished,
} from "./recovery.ts";
import { whatCarries } from "./reachable.ts";
import { allMissingSecrets, checkSettings, isElsewhere, objectOf } from "./stack-settings.ts";

/** Where state lies. Without one it is only missing to a stack: `npm start` makes one by itself. */
export function backendCheck(project: Project, stack?: string): Check {
  const backend = chooseBackend(backendFacts(project));
  if (!backend) {
    const state = stack === undefined ? note : missing;
    return state("Backend", "none is chosen", "npm start, or npx pulumi login, or PULUMI_BACKEND_URL");
  }
  const folder = backend.source === "checkout" ? "this checkout's own" : `from ${backend.source}`;
  return ok("Backend", `${withoutPassword(backend.url)} (${folder})`);
}

export async function stackChecks(
  project: Project,
  stack: string,
  file: StackFile | undefined,
  docker: Docker | undefined,
): Promise<Check[]> {
  const backend = chooseBackend(backendFacts(project));
  const settings = await settingsCheck(project, stack, file);
  const engine = backend && existsSync(engineFolder()) ? new Engine(project, stack, backend) : undefined;
  return [
    settings,
    ...(backend ? [passphraseCheck(project, backend)] : []),
    ...backupChecks(file),
    ...(engine ? [...(await carriedChecks(engine, file)), ...(await stateChecks(engine, docker))] : []),
    ...(docker ? await portChecks(project, stack, file, docker) : []),
  ];
}

/** Docker's own are among those of the machine. */
async function carriedChecks(engine: Engine, file: StackFile | undefined): Promise<Check[]> {
  if (!file || !isElsewhere(file)) return [];
  const carried = whatCarries(engine, file);
  if (!carried) return [];
  try {
    return [ok(carried.name, `${await carried.ask()} (${carried.where})`)];
  } catch (error) {
    return [missing(carried.name, messageOf(error), carried.mend)];
  }
}

async function settingsCheck(project: Project, stack: string, file: StackFile | undefined): Promise<Check> {
  if (!file) {
    const mend = stack === "local" ? "npm start" : `write Pulumi.${stack}.yaml (docs/configuration.md)`;
    return missing("Settings", `Pulumi.${stack}.yaml is missing`, mend);
  }
  const secrets = allMissingSecrets(file);
  const { problems } = await checkSettings(project, stack, file, secrets);
  if (problems !== undefined) return missing("Settings", problems, `edit ${file.name}`);
  if (secrets.length === 0) return ok("Settings", `${file.name} is valid`);
  return missing("Settings", `secrets without a value: ${secrets.join(", ")}`, `npx tristack init ${stack}`);
}

/** What the loss of the host would cost. */
export function backupChecks(file: StackFile | undefined): Check[] {
  const { kind } = objectOf(file?.config.environment);
  if (kind !== "staging" && kind !== "production") return [];
  const { backup, target, database } = objectOf(file?.config);
  if (target === "host" || target === "cluster" || target === "account") return [];
  if (target === "aws") return database === undefined ? [] : [backupCheckAtAws(backup)];
  const { s3, recoveryKey } = objectOf(backup);
  const page = `docs/${target === "kubernetes" ? "kubernetes" : "vps"}.md`;
  if (typeof backup !== "object") return [note("Backups", "there are none", `set backup (${page})`)];
  if (s3 === undefined) return [note("Backups", "they go with the host", `set backup.s3 (${page})`)];
  if (recoveryKey === undefined) {
    const mend = "npx tristack recovery-key, and set backup.recoveryKey";
    return [note("Backups", "without copies of the state", mend)];
  }
  return [ok("Backups", "database and state, outside of the host")];
}

function backupCheckAtAws(backup: unknown): Check {
  if (backup !== undefined) return ok("Backups", "dumps of the database in a bucket, and RDS' own");
  return note("Backups", "RDS' own alone, which no other target can read", "set backup: {} (docs/aws.md)");
}

function passphraseCheck(project: Project, backend: Backend): Check {
  const facts = backendFacts(project);
  if (isCloud(backend.url)) return ok("Secrets", "kept by Pulumi Cloud");
  if (facts.passphrase) return ok("Secrets", "passphrase from the environment");
  if (facts.ownPassphraseExists) return ok("Secrets", `passphrase in ${facts.ownPassphrase}`);
  return note(
    "Secrets",
    "no passphrase is set",
    "set PULUMI_CONFIG_PASSPHRASE_FILE, unless a key service encrypts them",
  );
}

async function stateChecks(engine: Engine, docker: Docker | undefined): Promise<Check[]> {
  const { stackName } = engine;
  const mend = stackName === "local" ? "npm start" : `npx tristack init ${stackName}`;
  try {
    const deployment = await engine.state();
    if (!deployment) return [missing("Stack", `${stackName} does not exist in this backend`, mend)];
    const locks = await readLocks(engine);
    const machine = await thisMachine(engine.project, locks);
    // Docker itself has a check of its own.
    const containers = await docker?.containers(engine.owner).catch(() => undefined);
    const strangers = containers ? unrecorded(containers, deployment) : [];
    const pending = deployment.pending_operations ?? [];
    const { kind } = decide({ locks, machine, pending, strangers, restored: false });
    const sweep = kind === "strangers" ? `npx tristack destroy ${stackName}` : mend;
    const failing = (name: string, what: string, list: readonly string[], how = mend) =>
      list.length > 0 ? [missing(name, `${what}: ${list.join(", ")}`, how)] : [];
    return [
      ok("Stack", `${deployment.resources?.length ?? 0} resources`),
      ...locks.map((lock) => lockCheck(lock, machine, mend, stackName)),
      ...failing(
        "Pending",
        "unfinished operations",
        pending.map(({ type, resource }) => `${type} ${nameIn(resource.urn)}`),
      ),
      ...failing(
        "Containers",
        "unknown to the state",
        strangers.map((one) => one.name),
        sweep,
      ),
      ...failing(
        "Containers",
        "gone from Docker",
        (containers ? vanished(containers, deployment) : []).map((one) => nameIn(one.urn)),
      ),
      ...failing("One-shots", "failed", failedOnce(deployment).map(nameIn)),
    ];
  } catch (error) {
    return [missing("Stack", messageOf(error), mend)];
  }
}

function nameIn(urn: string): string {
  return urn.split("::").pop() ?? urn;
}

function lockCheck(lock: AnyLock, machine: Machine, mend: string, stack: string): Check {
  const verdict = judgeLock(lock, machine);
  if (verdict === "alive") return note("Lock", `an update is running: ${holderOf(lock)}`);
  if (verdict === "dead")
    return missing("Lock", `of an update that was interrupted: ${holderOf(lock)}`, mend);
  const how = `once it is certain that nobody works on the stack: npx pulumi cancel --stack ${stack}`;
  return missing("Lock", `held elsewhere: ${holderOf(lock)}`, how);
}

async function portChecks(
  project: Project,
  stack: string,
  file: StackFile | undefined,
  docker: Docker,
): Promise<Check[]> {
  if (stack !== "local" || !file) return [];
  const { httpPort = 80, httpsPort = 443, edge } = objectOf(file.config.proxy);
  if (edge !== undefined) return [];
  const ports = [Number(httpPort), Number(httpsPort)];
  const own = await docker.containers({ project: project.name, stack }).catch(() => []);
  const used = await portsInUse(ports, own, docker);
  if (used.length === 0) return [ok("Ports", ports.join(", "))];
  const who = used.map(({ port, by }) => `${port} is in use by ${by}`).join("; ");
  return [missing("Ports", who, "npm start -- --http-port N --https-port N")];
}

/** A backend's address may hold a user and a password. */
function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//****@");
}
