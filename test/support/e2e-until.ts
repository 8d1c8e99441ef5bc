/** Waiting for what comes about by itself. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Asks until `done` says so; an error is a no. Fails after `seconds`. */
export async function until(seconds: number, what: string, done: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await done().catch(() => false)); await sleep(500))
    assert.ok(Date.now() < end, `not within ${seconds} s: ${what}`);
}
