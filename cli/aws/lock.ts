/** One rollout at a time at AWS, whoever runs it from wherever: an object beside the records, renewed meanwhile. */
import { HeldError } from "../held.ts";
import { whoami } from "../host-lock.ts";
import { listProcesses } from "../processes.ts";
import type { RecordsBucket, Stored } from "./bucket.ts";

const KEY = "lock.json";
/** How long it lasts when nobody renews it: its command was killed, or its machine lost the network. */
const LASTS_SECONDS = 60;
const RENEWED_SECONDS = 15;

interface Lock {
  readonly what: string;
  readonly by: string;
  readonly pid: number;
  readonly since: string;
  /** When it was last renewed; null once it was given back. */
  readonly renewed: string | null;
}

/**
 * Runs `work` while holding the stack.
 * @param bucket undefined before the first update: there is nothing to hold, and the backend's lock remains
 */
export async function holdingBucket<T>(
  bucket: RecordsBucket | undefined,
  stack: string,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  if (!bucket) return work();
  const now = new Date().toISOString();
  const mine: Lock = { what, by: whoami(), pid: process.pid, since: now, renewed: now };
  await take(bucket, stack, mine);
  const timer = setInterval(
    () => void touch(bucket, mine, new Date().toISOString()).catch(() => undefined),
    RENEWED_SECONDS * 1000,
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
    // Left behind it is over by itself.
    await touch(bucket, mine, null).catch(() => undefined);
  }
}

/** Who holds the stack, and what for; undefined when nobody does. */
export async function bucketHolder(bucket: RecordsBucket): Promise<string | undefined> {
  const lock = parsed(await bucket.read(KEY));
  return lock && !(await isOver(lock)) ? described(lock) : undefined;
}

async function take(bucket: RecordsBucket, stack: string, mine: Lock): Promise<void> {
  const old = await bucket.read(KEY);
  const lock = parsed(old);
  if (lock && !(await isOver(lock))) throw heldError(stack, lock);
  // Not written where somebody else was quicker.
  const taken = await bucket.writeIf(KEY, JSON.stringify(mine), old ? { etag: old.etag } : { absent: true });
  if (!taken) throw heldError(stack, parsed(await bucket.read(KEY)));
}

async function touch(bucket: RecordsBucket, mine: Lock, renewed: string | null): Promise<void> {
  const old = await bucket.read(KEY);
  const lock = parsed(old);
  if (!old || lock?.pid !== mine.pid || lock.by !== mine.by || lock.since !== mine.since) return;
  await bucket.writeIf(KEY, JSON.stringify({ ...mine, renewed }), { etag: old.etag });
}

function parsed(stored: Stored | undefined): Lock | undefined {
  try {
    return stored && (JSON.parse(stored.text) as Lock);
  } catch {
    return undefined;
  }
}

/** Given back, not renewed in time, or of a command of this machine that is gone. */
async function isOver({ renewed, by, pid }: Lock): Promise<boolean> {
  if (renewed === null || Date.now() - new Date(renewed).getTime() > LASTS_SECONDS * 1000) return true;
  if (by !== whoami()) return false;
  return !(await listProcesses()).some((one) => one.pid === pid);
}

function described({ what, by, pid, since }: Lock): string {
  return `${what} by ${by} (pid ${pid}) since ${since}`;
}

function heldError(stack: string, lock: Lock | undefined): Error {
  return new HeldError(
    `The stack ${stack} is held: ${lock ? described(lock) : "another command"}. Nothing was changed; wait until it has ended ` +
      `(were it killed: ${LASTS_SECONDS} s).`,
  );
}
