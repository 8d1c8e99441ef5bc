/** Who changes a stack at the moment, and what an update that nobody is at any more has left behind. */
import type { Carrier } from "../carrier.ts";
import type { Engine } from "../engine.ts";
import { resourceName } from "../events.ts";
import { LOCAL_STACKS } from "../local-settings.ts";
import { readLocks, thisMachine } from "../locks.ts";
import { type AnyLock, type Deployment, type Machine, age, holderOf, judgeLock } from "../recovery.ts";
import { outputsOf } from "../stack-state.ts";
import { objectOf } from "../stack-settings.ts";
import type { Finding } from "./finding.ts";

/**
 * After so long a lock of another machine is told as what it most likely is: left behind. It is still not broken, only
 * named; without this, a check that runs by a schedule would find nothing wrong for ever.
 */
const OLD_HOURS = 2;

export interface AtWork {
  /** Undefined when nobody is at it. */
  readonly held?: string;
  /** Locks that nobody holds any more, or seems to. */
  readonly leftBehind: readonly AnyLock[];
}

/** @param carrier undefined of a stack that carries no application: the backend's lock alone tells */
export async function atWork(engine: Engine, carrier: Pick<Carrier, "holder"> | undefined): Promise<AtWork> {
  const holder = await carrier?.holder();
  if (holder !== undefined) return { held: holder, leftBehind: [] };
  const locks = await readLocks(engine);
  return judged(locks, await thisMachine(engine.project, locks), new Date());
}

export function judged(locks: readonly AnyLock[], machine: Machine, now: Date): AtWork {
  const living = locks.filter((lock) => {
    const verdict = judgeLock(lock, machine);
    return verdict === "alive" || (verdict === "foreign" && !isOld(lock, now));
  });
  if (living.length > 0) return { held: living.map(holderOf).join("; "), leftBehind: [] };
  return { leftBehind: locks };
}

function isOld(lock: AnyLock, now: Date): boolean {
  return "since" in lock && now.getTime() - lock.since.getTime() > OLD_HOURS * 3_600_000;
}

/** Locks and operations that were left behind. */
export function interruptedFindings(
  stack: string,
  state: Deployment,
  { leftBehind }: AtWork,
  machine: Machine,
  now: Date,
): Finding[] {
  const locks = leftBehind.map((lock): Finding => {
    const foreign = judgeLock(lock, machine) === "foreign";
    return {
      kind: "interrupted",
      resource: `lock of ${stack}`,
      says: foreign
        ? `held by ${holderOf(lock)}, which is ${"since" in lock ? age(lock.since, now) : "long"} ago; whether that update still runs cannot be known from here`
        : `left by an update that was killed: ${holderOf(lock)}`,
      properties: [],
      mend: foreign
        ? `npx pulumi cancel --stack ${stack}, if it is certain that nobody runs it`
        : recovery(stack, state),
    };
  });
  const pending = (state.pending_operations ?? []).map(({ type, resource }): Finding => ({
    kind: "interrupted",
    resource: resourceName(resource.urn),
    urn: resource.urn,
    says: `an update was stopped while it was ${type} it`,
    properties: [],
    mend: recovery(stack, state),
  }));
  return [...locks, ...pending];
}

/** The command that puts an interrupted stack in order, and changes nothing besides. */
function recovery(stack: string, state: Deployment): string {
  if (LOCAL_STACKS.includes(stack)) return "npx tristack start --no-build";
  const { version } = objectOf(outputsOf(state).release);
  return typeof version === "string"
    ? `npx tristack deploy ${stack} --version ${version}`
    : `npx pulumi refresh --clear-pending-creates --stack ${stack}`;
}
