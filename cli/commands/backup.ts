/** `tristack backup`: makes, lists, verifies backups of the database, and tries to restore one. */
import { Argument, Command } from "commander";
import type { Listed, Manifest } from "../backup-job.ts";
import { backupJobOf } from "../open-backup.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { badInput } from "../errors.ts";
import { paint, print, printJson, table } from "../output.ts";
import { createProgress } from "../progress.ts";
import { keepStateCopy } from "../state-copy.ts";

interface Options {
  json?: boolean;
  anySize?: boolean;
}

const ACTIONS = ["now", "list", "verify", "drill"] as const;
type Action = (typeof ACTIONS)[number];

interface Drilled {
  readonly backup: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly tables: number;
}

export function backupCommand(): Command {
  return new Command("backup")
    .description("make, list or verify backups of a stack's database, or try to restore one")
    .addArgument(
      new Argument(
        "<action>",
        "now: make one; list: what there is; verify: read one back; drill: restore one and throw it away",
      ).choices(ACTIONS),
    )
    .addArgument(stackArgument())
    .argument("[backup]", "name of the backup to verify or restore (default: the newest good one)")
    .option("--any-size", "with now: take a dump that is much smaller than the last for good")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tristack backup now production\n  tristack backup list production --json\n" +
        "  tristack backup verify production 20261124T030000Z\n  tristack backup drill production\n",
    )
    .action(async (action: Action, stack: string, name: string | undefined, options: Options) => {
      if (name !== undefined && (action === "now" || action === "list"))
        throw badInput(`backup: ${JSON.stringify(name)}; needs to be left out with ${action}`);
      if (options.anySize && action !== "now") throw badInput("--any-size goes with now alone");
      await DO[action](stack, options, name);
    });
}

const DO: Record<Action, (stack: string, options: Options, name?: string) => Promise<void>> = {
  async now(stack, { json, anySize }) {
    const job = await backupJobOf(stack);
    const made = await createProgress().step("Dumping, reading back, uploading", () =>
      job.ask<Manifest>("now", ...(anySize ? ["--any-size"] : [])),
    );
    const stateCopy = await keepStateCopy(job.engine.project, stack);
    if (json) return printJson({ ...made, stateCopy: stateCopy ?? null });
    print(`${made.name}: ${told(made)}, read back; ${job.outputs.backup?.destination ?? ""}`);
    print(
      stateCopy === undefined
        ? "No copy of the state: backup.recoveryKey is not set."
        : `Copy of the state: ${stateCopy}`,
    );
  },

  async list(stack, { json }) {
    const job = await backupJobOf(stack);
    const progress = createProgress();
    const all = await progress.step("Listing", () => job.list());
    // On stderr: they are no part of the list.
    for (const trouble of await job.troubles(all)) progress.note(`warning: ${trouble}`);
    if (json) return printJson(all.map(({ manifest, verdict }) => ({ ...manifest, verdict })));
    if (all.length === 0) return print(`There is no backup of ${stack} yet.`);
    print(table(all.map(row)));
  },

  async verify(stack, { json }, name) {
    const job = await backupJobOf(stack);
    const { name: found } = await job.find(name);
    const checked = await createProgress().step(`Reading ${found}`, () => job.ask<Manifest>("verify", found));
    if (json) return printJson({ ...checked, verified: true });
    print(`${found} is intact: ${told(checked)}, sha256 ${checked.sha256}`);
  },

  async drill(stack, { json }, name) {
    const job = await backupJobOf(stack);
    const { name: found } = await job.find(name);
    const done = await createProgress().step(`Restoring ${found} into a PostgreSQL of its own`, () =>
      job.ask<Drilled>("drill", found),
    );
    if (json) return printJson(done);
    print(`${found} can be restored: ${done.tables} tables with the same rows, in ${done.seconds} s`);
  },
};

function row({ manifest, verdict }: Listed): string[] {
  const state = manifest.small ? paint("red", "suspiciously small") : verdict;
  return [manifest.name, size(manifest.bytes), `${rowsOf(manifest)} rows`, state];
}

function told(manifest: Manifest): string {
  return `${size(manifest.bytes)}, ${manifest.tables.length} tables, ${rowsOf(manifest)} rows, ${manifest.seconds} s`;
}

function rowsOf({ tables }: Manifest): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}

function size(bytes: number): string {
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
