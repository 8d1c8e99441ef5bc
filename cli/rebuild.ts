/** Everything of a stack anew on an empty host: state, containers, database. What is still there is used. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import type { Outputs } from "../components/outputs.ts";
import { backendFacts, ensureBackend } from "./backend.ts";
import { recordsOf } from "./records.ts";
import { putInPlace } from "./database-exchange.ts";
import type { Docker } from "./docker.ts";
import { Engine } from "./engine.ts";
import { badInput } from "./errors.ts";
import { dockerBackupJobOf } from "./open-backup.ts";
import type { Progress } from "./progress.ts";
import {
  type Project,
  type StackFile,
  ownFolder,
  parseStackFile,
  readStackFile,
  stackPath,
} from "./project.ts";
import type { S3Folder } from "./s3.ts";
import { checkSite } from "./site.ts";
import { dockerOf } from "./stack-docker.ts";
import { requireVps } from "./stack-settings.ts";
import type { StateCopy } from "./state-copy.ts";
import { update } from "./update.ts";

export interface RebuildPlan {
  readonly project: Project;
  readonly stack: string;
  readonly copy: StateCopy;
  /** Where the database's backups are; undefined: the database stays empty. */
  readonly backups: S3Folder | undefined;
  /** What becomes of a settings file of the checkout that differs from the copy's. */
  readonly settings: "kept" | "copied" | undefined;
}

export interface Rebuilt {
  readonly stack: string;
  /** When the copy of the state was made. */
  readonly stateOf: string;
  readonly backup: string | null;
  readonly version: string;
  readonly url: string;
  readonly seconds: Readonly<Record<string, number>>;
}

/** Names of backups: the moment at which each was made. */
const BACKUP = /^\d{8}T\d{6}Z\.json$/;

export async function rebuild(plan: RebuildPlan, progress: Progress): Promise<Rebuilt> {
  const { project, stack, copy } = plan;
  const seconds: Record<string, number> = {};
  const timed = async <T>(
    phase: string,
    title: string,
    work: (say: (line: string) => void) => Promise<T>,
  ) => {
    const began = Date.now();
    const result = await progress.step(title, work);
    seconds[phase] = Math.round((Date.now() - began) / 100) / 10;
    return result;
  };

  checkCopy(plan);
  const file = settingsOf(plan);
  const settings = await requireVps(project, stack, file);
  const docker = dockerOf(project, file);
  await refuseInhabited(docker, { project: project.name, stack: basename(stack) });
  // Asked for before anything runs: the new stack's own first backup would be the newest.
  const backup = plan.backups && (await newestBackup(plan.backups));
  putFiles(plan, file);
  const engine = new Engine(project, stack, ensureBackend(project));
  await timed("state", `Stack ${stack} in ${engine.backend.url}`, () => bringState(engine, copy));

  const began = Date.now();
  const made = await update(engine, docker, progress, { restored: false, title: "Making everything anew" });
  seconds.update = Math.round((Date.now() - began) / 100) / 10;
  const store = recordsOf(made.outputs, docker, settings.images.nginx);
  await store?.write(copy.records);
  if (backup !== undefined) {
    const job = await dockerBackupJobOf(stack);
    await timed("fetch", `Fetching the backup ${backup}`, () => job.fetch(backup));
    await timed("restore", `Restoring ${backup}`, async (say) => {
      await putInPlace(job, backup, say);
      // What it replaces is the empty database of the new stack.
      await job.ask("confirm");
      await job.ask("now", "--any-size");
    });
  }
  const { urls, release } = made.outputs as Pick<Outputs, "urls" | "release">;
  const selfSigned = settings.certificates.issuer === "self-signed";
  await timed("site", "Asking the site", (say) => checkSite([urls.web, urls.health], selfSigned, say));
  return {
    stack,
    stateOf: copy.at,
    backup: backup ?? null,
    version: release.version,
    url: urls.web,
    seconds,
  };
}

/** The settings that will be used. */
function settingsOf({ project, stack, copy, settings }: RebuildPlan): StackFile {
  const file = readStackFile(project, stack);
  return file && settings !== "copied" ? file : parseStackFile(project, stack, copy.settingsFile);
}

/** Everything that can be said before the first change. */
function checkCopy({ project, stack, copy, settings }: RebuildPlan): void {
  if (copy.project !== project.name || copy.stack !== basename(stack)) {
    throw badInput(
      `the copy is of the stack ${copy.project}/${copy.stack}; needs one of ${project.name}/${basename(stack)}`,
    );
  }
  const file = readStackFile(project, stack);
  if (file && file.text !== copy.settingsFile && settings === undefined) {
    throw badInput(
      `${file.name} differs from the one in the copy; needs --settings kept (that of this checkout) or --settings copied`,
    );
  }
  const facts = backendFacts(project);
  if (copy.passphrase === null || facts.passphrase || !facts.ownPassphraseExists) return;
  if (readFileSync(facts.ownPassphrase, "utf8").trim() === copy.passphrase) return;
  throw badInput(
    `${facts.ownPassphrase} is there already, of another stack; needs PULUMI_CONFIG_PASSPHRASE_FILE with the passphrase of this one`,
  );
}

async function newestBackup(folder: S3Folder): Promise<string> {
  const name = await folder.newest("", BACKUP);
  if (name === undefined)
    throw badInput(`${folder.name} has no backup of the database; needs one, or --without-data`);
  return name.replace(/\.json$/, "");
}

async function refuseInhabited(docker: Docker, owner: { project: string; stack: string }): Promise<void> {
  const [containers, volumes] = await Promise.all([docker.containers(owner), docker.volumes(owner)]);
  const there = [...containers, ...volumes].map((one) => one.name);
  if (there.length === 0) return;
  throw badInput(
    `the host is not empty, it has ${there.slice(0, 3).join(", ")}${there.length > 3 ? ` and ${there.length - 3} more` : ""} ` +
      `of the stack; needs an empty host. For the database alone: tristack restore ${owner.stack}`,
  );
}

function putFiles({ project, stack, copy }: RebuildPlan, file: StackFile): void {
  const path = stackPath(project, stack);
  if (!existsSync(path) || readFileSync(path, "utf8") !== file.text) writeFileSync(path, file.text);
  const facts = backendFacts(project);
  if (copy.passphrase === null || facts.passphrase || facts.ownPassphraseExists) return;
  mkdirSync(ownFolder(project), { recursive: true, mode: 0o700 });
  writeFileSync(facts.ownPassphrase, `${copy.passphrase}\n`, { mode: 0o600, flag: "wx" });
}

/** A stack that the backend still has is newer than any copy of it. */
async function bringState(engine: Engine, copy: StateCopy): Promise<void> {
  if (await engine.exists()) return;
  await engine.create();
  await engine.importState(copy.state);
}
