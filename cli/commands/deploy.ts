/** `tristack deploy`: brings a release, watches it, and goes back by itself. */
import { Command, InvalidArgumentError } from "commander";
import { openContext, refusePinnedRelease, settingsWith } from "../deploy-context.ts";
import { jsonOption, secondsOption, stackArgument, waitOption } from "../options.ts";

interface DeployOptions {
  version: string;
  commit?: string;
  digest: Record<string, string>;
  bake?: number;
  wait: number;
  json?: boolean;
}

export function deployCommand(): Command {
  return new Command("deploy")
    .description(
      "bring a release to a stack: checked before, probed throughout, watched after, taken back if it fails",
    )
    .addArgument(stackArgument())
    .requiredOption("--version <version>", "tag of the images")
    .option("--commit <sha>", "git commit that they were built from")
    .option("--digest <service=sha256:…>", "digest of one service's image; may be repeated", digest, {})
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

function digest(value: string, all: Record<string, string>): Record<string, string> {
  const [, service, digest] = /^([a-z][a-z0-9-]*)=(sha256:[0-9a-f]{64})$/.exec(value) ?? [];
  if (service === undefined || digest === undefined) {
    throw new InvalidArgumentError(
      "needs a service and a digest, such as web=sha256: and 64 hexadecimal digits",
    );
  }
  return { ...all, [service]: digest };
}
