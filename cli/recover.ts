/** Carries out what recovery.ts decides: before every operation that changes a stack. */
import { copyFile, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isCloud, stateFiles, stateFolder } from "./backend.ts";
import type { Docker } from "./docker.ts";
import { LockedError, type Engine, type Watch } from "./engine.ts";
import { CliError, failed } from "./errors.ts";
import { HeldError } from "./held.ts";
import { readLocks, thisMachine } from "./locks.ts";
import { isEngine, listProcesses, orphanedHelpers } from "./processes.ts";
import type { AnyLock, Decision, Deployment, Owned, PendingOperation, RecoveryReport } from "./recovery.ts";
import {
  decide,
  describe,
  failedOnce,
  holderOf,
  lostCreations,
  parseLockMessage,
  unrecorded,
  vanished,
} from "./recovery.ts";
import { detachGhosts, removeContainers, removeNetworks, settle } from "./sweep.ts";

/** How long an engine whose `tristack` died is given to end by itself. */
const ENGINE_GRACE_SECONDS = 60;
/** How long its plugins may go on with the call they are in; they would stay for a minute. */
const HELPER_GRACE_SECONDS = 3;
const HELPER_LIMIT_SECONDS = 10;

export interface Recovered {
  /** The state after recovery. */
  readonly deployment: Deployment;
  /** What was done, in plain words; empty when nothing was interrupted. */
  readonly told: readonly string[];
  /** The next update has to read the real state first: something that the state has is gone. */
  readonly refresh: boolean;
  /** One-shot containers that failed and have to be made anew. */
  readonly replace: string[];
}

export interface RecoverOptions {
  /** Remove what is not recorded even without a sign of an interruption (destroy does). */
  readonly sweep?: boolean;
  /** `restoreCheckpoint` has put a backup back. */
  readonly restored?: boolean;
  /** Those of the creations that never ended which did make something, with its id: the state takes it over. */
  readonly adopt?: (pending: readonly PendingOperation[]) => Promise<Adopted[]>;
}

export interface Adopted {
  readonly urn: string;
  readonly id: string;
}

/**
 * Puts an interrupted stack in order, or says who works on it. Containers that the state never recorded are removed;
 * volumes never are. Everything that can be repeated is done before the lock goes, so that a recovery which is itself
 * interrupted starts over.
 * @param docker undefined of a stack that has none
 */
export async function recover(
  engine: Engine,
  docker: Docker | undefined,
  watch: Watch,
  options: RecoverOptions = {},
): Promise<Recovered> {
  const { restored = false, adopt } = options;
  const deployment = await engine.state();
  if (!deployment) throw failed(`no stack named ${engine.stackName} in ${engine.backend.url}`);
  const found = await lookAround(engine, docker, deployment, watch);
  const decision = decide({ ...found, pending: deployment.pending_operations ?? [], restored });
  if (decision.kind === "held") throw heldError(engine, decision);
  if (decision.kind === "strangers" && !options.sweep) throw strangersError(engine, found.strangers);
  if (decision.kind === "none") return settled(deployment, found.containers);

  const ended = await endOrphanedHelpers(engine, watch);
  const locks = decision.kind === "recover" ? decision.locks : [];
  const swept = await sweepUnrecorded(engine, docker, deployment, locks, watch);
  await breakLocks(engine, locks);
  // Refresh, and not an edited state: besides creations that never ended (dropped, since what they made was swept) there
  // are deletions and updates of which only Docker knows how far they came.
  const pending = deployment.pending_operations ?? [];
  const adopted = pending.length > 0 ? ((await adopt?.(pending)) ?? []) : [];
  if (pending.length > 0) {
    if (adopted.length > 0) await engine.adopt(adopted);
    await retryLocked(engine, () => engine.refresh(watch));
  }
  const after = settled((await engine.state()) ?? {}, await docker?.containers(engine.owner));
  const lost = lostCreations(
    pending,
    adopted.map(({ urn }) => urn),
  );
  const report: RecoveryReport = { locks, ended, ...swept, pending: pending.length, lost, restored };
  return { ...after, told: [...describe(report, new Date()), ...after.told] };
}

/** Locks, processes and what Docker has of the stack. */
async function lookAround(engine: Engine, docker: Docker | undefined, deployment: Deployment, watch: Watch) {
  const seen = await waitForOrphanedEngine(engine, watch);
  const [containers, networks] = await Promise.all([
    docker?.containers(engine.owner),
    docker?.networks(engine.owner),
  ]);
  const strangers = unrecorded<Owned>([...(containers ?? []), ...(networks ?? [])], deployment);
  const locks = strangers.length > 0 && seen.length === 0 ? await askForLocks(engine, watch) : seen;
  return { locks, machine: await thisMachine(engine.project, locks), containers, strangers };
}

/** A stack in which nothing is unfinished, and what the next update has to know about it. */
function settled(deployment: Deployment, containers: readonly Owned[] | undefined): Recovered {
  const missing = (containers ? vanished(containers, deployment) : []).map((one) =>
    one.urn.split("::").pop(),
  );
  const told = missing.length > 0 ? [`missing in Docker, to be made anew: ${missing.join(", ")}`] : [];
  return { deployment, told, refresh: missing.length > 0, replace: failedOnce(deployment) };
}

/** An object store tells of its locks only when an operation meets one; a refresh is the one that changes nothing. */
async function askForLocks(engine: Engine, watch: Watch): Promise<AnyLock[]> {
  if (stateFolder(engine.backend.url) !== undefined || isCloud(engine.backend.url)) return [];
  try {
    await engine.refresh(watch);
    return [];
  } catch (error) {
    if (error instanceof LockedError) return parseLockMessage(error.message);
    throw error;
  }
}

/** Runs `work` after a recovery; when a lock turns up only then (object stores), recovers from that and runs it again. */
export async function retryLocked<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    const locks = parseLockMessage(error.message);
    const decision = decide({
      locks,
      machine: await thisMachine(engine.project, locks),
      pending: [],
      strangers: [],
      restored: false,
    });
    if (decision.kind === "held") throw heldError(engine, decision);
    if (decision.kind !== "recover") {
      throw new HeldError(
        `Another update of ${engine.stackName} is in progress. If it is certain that nobody runs one: ` +
          `npx pulumi cancel --stack ${engine.stackName}`,
      );
    }
    await engine.cancel();
    return work();
  }
}

/** An engine goes on when only `tristack` was killed: it is waited for, and holds its lock until then. */
async function waitForOrphanedEngine(engine: Engine, watch: Watch): Promise<AnyLock[]> {
  for (let second = 0; ; second += 1) {
    const locks = await readLocks(engine);
    if (locks.length === 0) return locks;
    const processes = await listProcesses();
    const holders = processes.filter(
      (one) => isEngine(one) && locks.some((lock) => "pid" in lock && lock.pid === one.pid),
    );
    const orphaned = holders.length > 0 && holders.every((one) => isOrphan(one.parent, processes));
    if (!orphaned || second >= ENGINE_GRACE_SECONDS) return locks;
    watch.say(
      `waiting for an update whose tristack was killed (pid ${holders.map((one) => one.pid).join(", ")})`,
    );
    await sleep(1000);
  }
}

function isOrphan(parent: number, processes: readonly { pid: number }[]): boolean {
  return parent <= 1 || !processes.some((one) => one.pid === parent);
}

/** Ends what the dead engine has started: left alone it may still be creating a container while we look for them. */
async function endOrphanedHelpers(engine: Engine, watch: Watch): Promise<string[]> {
  const find = async () => orphanedHelpers(await listProcesses(), engine.project.root);
  let left = await find();
  const names = left
    .map((one) => one.argv[0]?.split("/").pop() ?? "")
    .filter((name) => name.startsWith("pulumi-"));
  if (left.length > 0) watch.say(`waiting for ${names.join(", ")}`);
  const begun = Date.now();
  while (left.length > 0) {
    const seconds = (Date.now() - begun) / 1000;
    if (seconds > HELPER_LIMIT_SECONDS) {
      throw failed(`processes of a dead engine do not end: ${left.map((one) => one.pid).join(", ")}`);
    }
    if (seconds >= HELPER_GRACE_SECONDS) left.forEach(({ pid }) => killQuietly(pid));
    await sleep(250);
    left = await find();
  }
  return names;
}

/** SIGKILL: they have no engine to tell anything to, and take a minute over a polite signal. */
function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended meanwhile
  }
}

/** Twice, since Docker may have been carrying out the last request of a plugin while we listed. */
async function sweepUnrecorded(
  engine: Engine,
  docker: Docker | undefined,
  deployment: Deployment,
  judged: readonly AnyLock[],
  watch: Watch,
) {
  const containers: string[] = [];
  const networks: string[] = [];
  if (!docker) return { containers, networks };
  for (let pass = 0; pass < 2; pass += 1) {
    if (pass > 0) await sleep(500);
    const strays = unrecorded(await docker.containers(engine.owner), deployment);
    await settle(docker, engine.owner, strays, watch.say);
    await refuseNewLocks(engine, judged);
    containers.push(...(await removeContainers(docker, strays, watch.say)));
    networks.push(
      ...(await removeNetworks(docker, unrecorded(await docker.networks(engine.owner), deployment))),
    );
  }
  // Those that the state knows are the engine's to remove, which it could not while something is left in them.
  for (const { id } of await docker.networks(engine.owner)) await detachGhosts(docker, id);
  return { containers, networks };
}

/**
 * With nothing but pending operations left, no lock keeps a plain `pulumi up` from beginning meanwhile: what it is making
 * is not in the state either.
 */
async function refuseNewLocks(engine: Engine, judged: readonly AnyLock[]): Promise<void> {
  const known = new Set(judged.map(({ file }) => file));
  const by = (await readLocks(engine)).filter(({ file }) => !known.has(file));
  if (by.length > 0) throw heldError(engine, { kind: "held", by, verdict: "alive" });
}

/** On a file backend exactly the locks that were judged: `pulumi cancel` would take one that was made since as well. */
async function breakLocks(engine: Engine, locks: readonly AnyLock[]): Promise<void> {
  for (const { file } of locks) {
    if (file === undefined) return engine.cancel();
    await rm(file, { force: true });
    await rm(`${file}.attrs`, { force: true });
  }
}

/**
 * A checkpoint that is no JSON, or is gone while its backup still names containers that exist, is replaced by that backup
 * (one step older). True when it was; then everything is compared with Docker as after an interruption.
 */
export async function restoreCheckpoint(engine: Engine, docker: Docker | undefined): Promise<boolean> {
  const folder = stateFolder(engine.backend.url);
  if (folder === undefined) return false;
  const { checkpoint, backup } = stateFiles(folder, engine.project, engine.stackName);
  const [current, older] = await Promise.all([readState(checkpoint), readState(backup)]);
  if (current === "valid") return false;
  if (current === "absent" && (older !== "valid" || !(await namesLiving(backup, engine, docker))))
    return false;
  if (older !== "valid") {
    throw failed(
      `The state of ${engine.stackName} is damaged and has no usable backup: ${checkpoint}\n` +
        `Older states lie in ${join(folder, ".pulumi", "history")}: npx pulumi stack import --stack ${engine.stackName} --file …`,
    );
  }
  if (current === "damaged") await rename(checkpoint, `${checkpoint}.damaged`);
  await copyFile(backup, checkpoint);
  return true;
}

async function readState(file: string): Promise<"valid" | "damaged" | "absent"> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return "absent";
  try {
    return typeof JSON.parse(text) === "object" ? "valid" : "damaged";
  } catch {
    return "damaged";
  }
}

async function namesLiving(backup: string, engine: Engine, docker: Docker | undefined): Promise<boolean> {
  const text = await readFile(backup, "utf8");
  // Without Docker nothing speaks for the backup.
  return ((await docker?.containers(engine.owner).catch(() => [])) ?? []).some((one) =>
    text.includes(one.id),
  );
}

function heldError(engine: Engine, decision: Extract<Decision, { kind: "held" }>): CliError {
  const who = decision.by.map(holderOf).join("; ");
  if (decision.verdict === "alive") {
    return new HeldError(`An update of ${engine.stackName} is running: ${who}. Wait until it has ended.`);
  }
  return new HeldError(
    `The stack ${engine.stackName} is locked by ${who}. Whether that update still runs cannot be known from here; ` +
      `nothing was changed. If it is certain that it does not: npx pulumi cancel --stack ${engine.stackName}`,
  );
}

function strangersError(engine: Engine, strangers: readonly Owned[]): CliError {
  const names = strangers.map((one) => one.name);
  return failed(
    `Docker has containers or networks of ${engine.owner.project}/${engine.owner.stack} that this state does not know ` +
      `(${names.join(", ")}), and no update was interrupted here: they may belong to another ` +
      `checkout or backend. Nothing was changed. To remove them: npx tristack destroy ${engine.stackName}`,
  );
}
