/** `tristack restore`: puts a backup in the place of a stack's database, which is kept until it is confirmed. */
import { Command } from "commander";
import { confirm } from "../ask.ts";
import type { BackupJob } from "../backup-job.ts";
import { type Prepared, exchange } from "../database-exchange.ts";
import { badInput } from "../errors.ts";
import { exclusively } from "../mutex.ts";
import { backupJobOf } from "../open-backup.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { print, printJson } from "../output.ts";
import { createProgress } from "../progress.ts";

interface Options {
  confirm?: boolean;
  yes?: boolean;
  json?: boolean;
}

export function restoreCommand(): Command {
  return new Command("restore")
    .description("put a backup in the place of a stack's database; the old one is kept until --confirm")
    .addArgument(stackArgument())
    .argument(
      "[backup]",
      "name of the backup, as `tristack backup list` shows it (default: the newest good one)",
    )
    .option("--confirm", "drop the databases that earlier restores have put aside")
    .option("-y, --yes", "do not ask")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nThe backup is restored and compared beside the database that serves. Only to exchange the two are the services\n" +
        "that use it stopped, for seconds. Whatever fails, the old database serves on.\n" +
        "\nExamples:\n  tristack restore production\n  tristack restore production 20261124T030000Z --yes\n" +
        "  tristack restore --confirm production\n",
    )
    .action(async (stack: string, name: string | undefined, options: Options) => {
      if (options.confirm && name !== undefined)
        throw badInput(`backup: ${JSON.stringify(name)}; needs to be left out with --confirm`);
      const job = await backupJobOf(stack);
      await exclusively(job.engine.project, stack, () =>
        options.confirm ? drop(job, options) : restore(job, name, options),
      );
    });
}

async function restore(job: BackupJob, name: string | undefined, options: Options): Promise<void> {
  const stack = job.engine.stackName;
  const backup = await job.find(name);
  await confirm(
    `This brings the database of ${stack} back to ${backup.at}; what was written since is put aside`,
    stack,
    Boolean(options.yes),
  );
  const progress = createProgress();
  const began = Date.now();
  if (backup.remote) await progress.step(`Fetching ${backup.name} from S3`, () => job.fetch(backup.name));
  const prepared = await progress.step(`Restoring ${backup.name} beside the database that serves`, () =>
    job.ask<Prepared>("prepare", backup.name),
  );
  const exchanged = await progress.step("Exchanging the databases", (say) => exchange(job, prepared, say));
  const seconds = (Date.now() - began) / 1000;
  if (options.json) return printJson({ ...prepared, ...exchanged, restored: prepared.database, seconds });
  print(`${backup.name} serves: ${prepared.tables} tables with the same rows, in ${seconds.toFixed(1)} s.`);
  print(`The services were stopped for ${exchanged.pausedSeconds.toFixed(1)} s.`);
  print(`The old database is kept as ${exchanged.kept}; drop it with: tristack restore --confirm ${stack}`);
}

async function drop(job: BackupJob, options: Options): Promise<void> {
  await confirm(
    "This drops the databases that restores have put aside",
    job.engine.stackName,
    Boolean(options.yes),
  );
  const { dropped } = await createProgress().step("Dropping old databases", () =>
    job.ask<{ dropped: string[] }>("confirm"),
  );
  if (options.json) return printJson({ dropped });
  print(dropped.length > 0 ? `Dropped: ${dropped.join(", ")}` : "There is none to drop.");
}
