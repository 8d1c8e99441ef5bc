/** What the full tier has measured, for bench/results: with the commit, the machine and the command. */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";

/** Saves and prints the figures of one test file. */
export async function saveFigures(name: string, figures: Readonly<Record<string, unknown>>): Promise<void> {
  const git = async (...args: string[]) =>
    succeeded(await run("git", args, { cwd: REPOSITORY })).stdout.trim();
  const changed = (await git("status", "--porcelain", "--", ":!bench")) === "" ? "" : "+changes";
  const report = {
    command: `npm run test:full -- ${name}`,
    date: new Date().toISOString(),
    commit: `${await git("rev-parse", "--short", "HEAD")}${changed}`,
    machine: `${availableParallelism()} CPUs, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
    figures,
  };
  const folder = join(REPOSITORY, "bench", "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `full-${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
  console.log(`      ${JSON.stringify(figures)}`);
}
