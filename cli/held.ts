/** Somebody else is at a stack: what that error is, and waiting until they have ended. */
import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "./errors.ts";

/** Somebody else is at it, or may be; nothing was changed. The message names them. */
export class HeldError extends CliError {}

/** Between two attempts: long enough for ten waiting commands to cost next to nothing. */
const PAUSE_SECONDS = 2;

/**
 * Runs `work`, again and again while somebody else is at the stack.
 * @param seconds how long; 0: not at all
 * @param say is told once whom it waits for, and again when that is another one
 * @throws HeldError when the time is over
 */
export async function onceFree<T>(
  seconds: number,
  say: (line: string) => void,
  work: () => Promise<T>,
  pauseSeconds = PAUSE_SECONDS,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let told = "";
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HeldError) || Date.now() + pauseSeconds * 1000 > end) throw error;
      if (error.message !== told) say(`waiting: ${error.message}`);
      told = error.message;
      await sleep(pauseSeconds * 1000);
    }
  }
}
