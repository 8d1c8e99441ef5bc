/** What is left to the full tier: CI runs one test of each kind, `npm run test:full` all of them. */

/** Whether this is the full tier. */
export const FULL = process.env.TRISTACK_E2E_FULL === "1";

/** Titles of the tests that were left out: told at the end, and counted as nothing. */
export const leftToFull: string[] = [];

/** A test of the full tier alone. */
export function itFully(title: string, work: (this: Mocha.Context) => Promise<void> | void): void {
  if (FULL) it(title, work);
  else leftToFull.push(title);
}
