/** `tristack deploy`: brings a release, watches it, and goes back by itself. */
import { Command } from "commander";
import { openContext, refusePinnedRelease, settingsWith } from "../deploy-context.ts";
import { jsonOption, releaseOptions, secondsOption, stackArgument, waitOption } from "../options.ts";

interface DeployOptions {
  version: string;
  commit?: string;
  digest: Record<string, string>;
  bake?: number;
  wait: number;
  json?: boolean;
}

export function deployCommand(): Command {
  const command = new Command("deploy")
    .description(
      "bring a release to a stack: checked before, probed throughout, watched after, taken back if it fails",
    )
    .addArgument(stackArgument());
  return releaseOptions(command)
    .addOption(
      secondsOption("--bake <seconds>", "time to watch the release; 0: none (default: delivery.bake)"),
    )
    .addOption(waitOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tristack deploy production --version v1.4.2\n  tristack deploy staging --version v1.4.2 --bake 0 --json\n" +
        "  tristack deploy production --version v1.4.2 --digest web=sha256:… --digest api=sha256:…\n" +
        "\nExit codes: 0 it serves, 1 it did not pass and the release before serves, 2 bad input.\n",
    )
    .action(deploy);
}

async function deploy(stack: string, options: DeployOptions): Promise<void> {
  const context = openContext(stack);
  refusePinnedRelease(context);
  const target = { version: options.version, commit: options.commit, digests: options.digest };
  const settings = await settingsWith(context, target);
  // Loaded here, so that `--help` need not wait for it.
  const { release } = await import("../release.ts");
  const { report } = await import("../release-report.ts");
  const order = {
    kind: "deploy",
    choose: () => target,
    bakeSeconds: options.bake,
    waitSeconds: options.wait,
  } as const;
  report(await release(context, settings, order), Boolean(options.json));
}
