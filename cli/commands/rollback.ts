/** `tristack rollback`: brings an earlier release back, as the ledger has it. No registry is needed. */
import { Argument, Command } from "commander";
import { withoutMigrations } from "../rollout.ts";
import { type Running, openContext, refusePinnedRelease, settingsWith } from "../deploy-context.ts";
import { badInput } from "../errors.ts";
import { type Entry, goodReleases } from "../ledger.ts";
import { jsonOption, secondsOption, stackArgument, waitOption } from "../options.ts";
import { incompatibility } from "../schema-revisions.ts";

interface RollbackOptions {
  bake?: number;
  ignoreSchema?: boolean;
  wait: number;
  json?: boolean;
}

export function rollbackCommand(): Command {
  return new Command("rollback")
    .description("bring an earlier release back with its settings; today's secrets and the database stay")
    .addArgument(stackArgument())
    .addArgument(
      new Argument("[release]", "version or id of a release; left out: the last good one before this"),
    )
    .addOption(secondsOption("--bake <seconds>", "time to watch it afterwards").default(0))
    .option("--ignore-schema", "even if the release does not declare to work with the database's schema")
    .addOption(waitOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tristack rollback production\n  tristack rollback production v1.4.1\n  tristack releases production\n",
    )
    .action(rollback);
}

async function rollback(stack: string, wanted: string | undefined, options: RollbackOptions): Promise<void> {
  const context = openContext(stack);
  refusePinnedRelease(context);
  // Any version will do: what is checked here is the rest of the file.
  const settings = await settingsWith(context, { version: wanted ?? "any", digests: {} });
  const { release, schemaNow } = await import("../release.ts");
  const { report } = await import("../release-report.ts");
  const choose = async ({ release: runs, history }: Running) => {
    const { ledger } = await history;
    const entry = findRelease(runs, ledger, stack, wanted);
    const reason = incompatibility(entry.schema, schemaNow(ledger));
    if (reason && !options.ignoreSchema) {
      throw badInput(
        `${stack} cannot go back to ${entry.version}: ${reason}. Nothing was changed. ` +
          "Restore a backup of that time, or release forward; --ignore-schema goes back all the same.",
      );
    }
    const { version, commit, digests } = entry;
    return { version, commit: commit ?? undefined, digests, restored: withoutMigrations(entry.settings) };
  };
  const order = { kind: "rollback", choose, bakeSeconds: options.bake, waitSeconds: options.wait } as const;
  report(await release(context, settings, order), Boolean(options.json));
}

/** @throws CliError naming the releases that there are. */
export function findRelease(
  runs: Running["release"],
  ledger: readonly Entry[],
  stack: string,
  wanted: string | undefined,
): Entry {
  const others = goodReleases(ledger).filter(({ id }) => id !== runs?.id);
  const found =
    wanted === undefined ? others[0] : others.find((one) => one.id === wanted || one.version === wanted);
  if (found) return found;
  if (wanted !== undefined && (runs?.version === wanted || runs?.id === wanted)) {
    throw badInput(`${stack} runs ${wanted} already. Nothing was changed.`);
  }
  const names = others.map((one) => one.version).join(", ");
  throw badInput(
    `${stack} has no ${wanted === undefined ? "earlier release" : `release ${wanted}`} in its ledger; ` +
      (names === "" ? "it has no other that was brought by tristack deploy" : `needs one of: ${names}`),
  );
}
