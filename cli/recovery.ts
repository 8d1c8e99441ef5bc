/**
 * What to do about an update that was interrupted: decided here from facts alone, carried out in recover.ts.
 *
 * The engine leaves behind a lock (file backends), pending operations (written before each step), orphaned plugins that
 * may still be creating something, and containers and networks that the state has never heard of.
 */
import type { ProcessInfo } from "./processes.ts";
import { resourceName } from "./events.ts";
import { isEngine, worksIn } from "./processes.ts";

/** Who holds the stack, as a lock says. */
export interface Lock {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly since: Date;
  /** The lock's file, on a file backend. */
  readonly file?: string;
}

/** A lock file that cannot be read (a disk that filled up, a machine that lost power). */
export interface UnreadableLock {
  readonly file: string;
}

export type AnyLock = Lock | UnreadableLock;

export interface Machine {
  readonly user: string;
  readonly host: string;
  readonly processes: readonly ProcessInfo[];
  /** The checkout: what works in it, works on its stacks. */
  readonly root: string;
}

const LOCK_LINE = /: created by (.+)@(\S+) \(pid (\d+)\) at (\S+)$/gm;

/** Locks named in Pulumi's "the stack is currently locked by N lock(s)". */
export function parseLockMessage(message: string): Lock[] {
  return [...message.matchAll(LOCK_LINE)].map(([, user = "", host = "", pid, since = ""]) => ({
    user,
    host,
    pid: Number(pid),
    since: new Date(since),
  }));
}

/** A lock as a file backend stores it. */
export function parseLockFile(file: string, content: string): AnyLock {
  try {
    const { pid, username, hostname, timestamp } = JSON.parse(content) as Record<string, unknown>;
    if (typeof pid !== "number" || typeof username !== "string" || typeof hostname !== "string")
      return { file };
    return { file, pid, user: username, host: hostname, since: new Date(String(timestamp)) };
  } catch {
    return { file };
  }
}

/**
 * - `dead`: made on this machine by this user, and that process is gone. Only such a lock is ever broken.
 * - `alive`: the process runs.
 * - `foreign`: another machine or user; whether it lives cannot be known from here.
 */
export type Verdict = "dead" | "alive" | "foreign";

/** Slack between a lock's time and a process's start, which the system tells to the second only. */
const CLOCK_SLACK_MS = 2_000;

export function judgeLock(lock: AnyLock, machine: Machine): Verdict {
  // Nobody knows whose an unreadable lock is; with no engine at work in this checkout it is nobody's.
  if (!("pid" in lock)) {
    return machine.processes.some((one) => isEngine(one) && worksIn(one, machine.root)) ? "foreign" : "dead";
  }
  if (lock.host !== machine.host || lock.user !== machine.user) return "foreign";
  const holder = machine.processes.find((one) => one.pid === lock.pid);
  if (!holder || !isEngine(holder)) return "dead";
  // The number was given out again: the engine that has it now started after the lock was made.
  const reused =
    holder.started !== undefined && holder.started.getTime() > lock.since.getTime() + CLOCK_SLACK_MS;
  return reused ? "dead" : "alive";
}

/** "root@vm (pid 123) since 2026-11-23T18:54:40Z" */
export function holderOf(lock: AnyLock): string {
  if (!("pid" in lock)) return `an unreadable lock (${lock.file})`;
  return `${lock.user}@${lock.host} (pid ${lock.pid}) since ${lock.since.toISOString()}`;
}

/** The part of an exported stack that matters here. */
export interface Deployment {
  readonly manifest?: { readonly time?: string };
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly PendingOperation[];
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly protect?: boolean;
  /** A replaced one that is still to be deleted. */
  readonly delete?: boolean;
  /** Deleted already, before what replaces it is made. */
  readonly pendingReplacement?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export interface PendingOperation {
  readonly type: string;
  readonly resource: {
    readonly urn: string;
    readonly type?: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
  };
}

/** A container, network or volume in Docker that carries the stack's labels. */
export interface Owned {
  readonly id: string;
  readonly name: string;
}

/** Those that the state does not know, by id (volumes: by name, which is their id). */
export function unrecorded<T extends Owned>(owned: readonly T[], deployment: Deployment): T[] {
  const known = new Set(deployment.resources?.map((resource) => resource.id));
  return owned.filter((one) => !known.has(one.id));
}

const CONTAINER = "docker:index/container:Container";

/** Containers that the state has and Docker has not: removed by hand, or deleted just before the engine died. */
export function vanished(owned: readonly Owned[], deployment: Deployment): StateResource[] {
  const existing = new Set(owned.map((one) => one.id));
  return (deployment.resources ?? [])
    .filter((resource) => resource.type === CONTAINER && !existing.has(resource.id ?? ""))
    .filter((resource) => !resource.delete && !resource.pendingReplacement);
}

/**
 * Containers that ran once and failed. The state keeps their exit code, so every update fails the same way until they
 * are replaced: the next update replaces them by itself.
 */
export function failedOnce(deployment: Deployment): string[] {
  return (deployment.resources ?? [])
    .filter(({ type, outputs }) => type === CONTAINER && outputs?.mustRun === false && !outputs?.rm)
    .filter(({ outputs }) => typeof outputs?.exitCode === "number" && outputs.exitCode !== 0)
    .map(({ urn }) => urn);
}

export interface Situation {
  readonly locks: readonly AnyLock[];
  readonly machine: Machine;
  readonly pending: readonly PendingOperation[];
  /** Labelled containers and networks that the state has never recorded. */
  readonly strangers: readonly Owned[];
  /** The checkpoint was damaged and its backup put back. */
  readonly restored: boolean;
}

export type Decision =
  /** Nothing was interrupted. */
  | { readonly kind: "none" }
  /** Someone else works on the stack, or may. */
  | { readonly kind: "held"; readonly by: readonly AnyLock[]; readonly verdict: "alive" | "foreign" }
  /** An update was interrupted: break these locks, remove the strangers, clear what is pending. */
  | { readonly kind: "recover"; readonly locks: readonly AnyLock[]; readonly refresh: boolean }
  /** Labelled as ours, unknown to the state, and no sign that an update was interrupted: another checkout's? */
  | { readonly kind: "strangers" };

/**
 * Without a sign of an interrupted update nothing is removed: the same labels are carried by what another checkout, with
 * another backend, has created for its own stack of the same name.
 */
export function decide(situation: Situation): Decision {
  const verdicts = situation.locks.map((lock) => ({ lock, verdict: judgeLock(lock, situation.machine) }));
  for (const verdict of ["foreign", "alive"] as const) {
    const by = verdicts.filter((one) => one.verdict === verdict).map((one) => one.lock);
    if (by.length > 0) return { kind: "held", by, verdict };
  }
  const interrupted = situation.locks.length > 0 || situation.pending.length > 0 || situation.restored;
  if (interrupted) return { kind: "recover", locks: situation.locks, refresh: situation.pending.length > 0 };
  return situation.strangers.length > 0 ? { kind: "strangers" } : { kind: "none" };
}

/** What a recovery did. */
export interface RecoveryReport {
  readonly locks: readonly AnyLock[];
  /** Program names of the processes that were ended. */
  readonly ended: readonly string[];
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  /** Operations that the state had as pending. */
  readonly pending: number;
  /** Names of what may have been made without anybody knowing where: there are no labels to sweep it by. */
  readonly lost: readonly string[];
  readonly restored: boolean;
}

/** The report in plain words; empty when there was nothing to recover. */
export function describe(report: RecoveryReport, now: Date): string[] {
  const what = report.locks.map((lock) =>
    "pid" in lock
      ? `an update of ${age(lock.since, now)} ago by ${lock.user}@${lock.host} (pid ${lock.pid}, dead) was interrupted: lock removed`
      : `an unreadable lock was removed: ${lock.file}`,
  );
  if (report.restored) what.push("the state's file was damaged: its backup of one step earlier was put back");
  if (report.ended.length > 0)
    what.push(`${count(report.ended, "orphaned process", "es")} ended: ${report.ended.join(", ")}`);
  if (report.containers.length > 0) {
    what.push(
      `${count(report.containers, "container")} removed that the state had never recorded: ${report.containers.join(", ")}`,
    );
  }
  if (report.networks.length > 0) {
    what.push(
      `${count(report.networks, "network")} removed that the state had never recorded: ${report.networks.join(", ")}`,
    );
  }
  if (report.pending > 0) {
    what.push(
      `${report.pending} unfinished operation${report.pending === 1 ? "" : "s"} cleared, state read anew from what carries it`,
    );
  }
  if (report.lost.length > 0) {
    what.push(
      `${count(report.lost, "creation")} may have gone through without the state having heard of it; look for ` +
        `${report.lost.join(", ")}, and remove what is there twice`,
    );
  }
  return what;
}

/**
 * Creations of which nothing tells whether they went through. Docker's are swept by label and a cluster's found by name;
 * at a cloud what has an id of the provider's own can be there without anybody knowing.
 */
export function lostCreations(pending: readonly PendingOperation[], adopted: readonly string[]): string[] {
  return pending
    .filter(({ type, resource: { urn } }) => type === "creating" && !adopted.includes(urn))
    .filter(({ resource: { urn } }) => /^(aws|vercel):/.test(urn.split("::")[2]?.split("$").pop() ?? ""))
    .map(({ resource: { urn } }) => resourceName(urn));
}

function count(list: readonly unknown[], noun: string, plural = "s"): string {
  return `${list.length} ${noun}${list.length === 1 ? "" : plural}`;
}

/** "12 s", "5 min", "3 h", "2 days" */
export function age(since: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - since.getTime()) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
