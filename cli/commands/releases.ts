/** `tristack releases`: the ledger. */
import { Command } from "commander";
import { recordedRelease } from "../../components/release.ts";
import { openContext, settingsWith, whatRuns } from "../deploy-context.ts";
import { carrierOf } from "../carrier.ts";
import { KEPT_RELEASES, goodReleases } from "../ledger.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { paint, print, printJson, table } from "../output.ts";

export function releasesCommand(): Command {
  return new Command("releases")
    .description(
      "who released what and when; which releases `tristack rollback` can bring back without a registry",
    )
    .addArgument(stackArgument())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tristack releases production\n  tristack releases production --json\n",
    )
    .action(async (stack: string, options: { json?: boolean }) => releases(stack, Boolean(options.json)));
}

async function releases(stack: string, json: boolean): Promise<void> {
  const context = openContext(stack);
  const settings = await settingsWith(context, { version: "any", digests: {} });
  const { history, outputs } = await whatRuns(context, await carrierOf(context, settings));
  const { ledger } = await history;
  const running = recordedRelease(outputs.release)?.id ?? null;
  const kept = goodReleases(ledger)
    .slice(0, KEPT_RELEASES)
    .map(({ id }) => id);
  const entries = ledger
    .toReversed()
    .map((one) => ({ ...one, running: one.id === running, imagesKept: kept.includes(one.id) }));
  if (json) return printJson({ stack, running, releases: entries });
  if (entries.length === 0) return print(`${stack} has no releases by tristack deploy yet.`);
  const rows = entries.map(
    ({ at, kind, version, id, passed, by, commit, running: runs, imagesKept, reason }) => [
      runs ? paint("green", "runs") : imagesKept ? "kept" : "",
      at.slice(0, 19).replace("T", " "),
      kind,
      version,
      passed ? "passed" : paint("red", "failed"),
      by,
      commit?.slice(0, 10) ?? "",
      id,
      reason ?? "",
    ],
  );
  print(table([["", "when (UTC)", "what", "version", "result", "by", "commit", "id", "reason"], ...rows]));
}
