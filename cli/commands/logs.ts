/** `tristack logs`: the logs of all containers of a stack, or of one part, each line with its container. */
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { type LogOptions, type PartStatus, carrierOf } from "../carrier.ts";
import { openContext, settingsWith } from "../deploy-context.ts";
import { badInput } from "../errors.ts";
import { stackArgument } from "../options.ts";
import { paint } from "../output.ts";

interface Options extends Partial<LogOptions> {
  json?: boolean;
}

export function logsCommand(): Command {
  return new Command("logs")
    .description("logs of a stack's containers, or of one part such as api, proxy or postgres")
    .addArgument(stackArgument())
    .addArgument(new Argument("[part]", "service or other part (default: all services and the proxy)"))
    .option("-f, --follow", "go on until Ctrl-C")
    .option("--since <time>", "only what is newer, such as 10m or 2026-11-24T10:00:00Z")
    .addOption(new Option("-n, --tail <lines>", "lines of each container").default(100).argParser(lines))
    .addOption(new Option("--json", "an object a line: container, part, line"))
    .addHelpText(
      "after",
      "\nExamples:\n  tristack logs production api --follow\n  tristack logs production proxy --since 10m --tail all\n",
    )
    .action(logs);
}

async function logs(stack: string, part: string | undefined, options: Options): Promise<void> {
  const context = openContext(stack);
  const carrier = await carrierOf(context, await settingsWith(context, { version: "any", digests: {} }));
  const all = await carrier.parts();
  const wanted = (one: PartStatus) =>
    part === undefined ? isOfService(one) || one.part === "proxy" : one.part === part;
  const chosen = all.filter(wanted);
  if (chosen.length === 0) {
    const parts = [...new Set(all.map((one) => one.part))].join(", ");
    throw badInput(
      `${stack} has no container of ${part ?? "any service"}; needs one of: ${parts || "(nothing runs)"}`,
    );
  }
  const { follow = false, since, tail } = options;
  // Whoever reads it has gone, as in `| head`.
  process.stdout.on("error", () => process.exit());
  const width = Math.max(...chosen.map(({ name }) => name.length));
  await Promise.all(
    chosen.map(async (one) => {
      const show = (line: string) =>
        options.json
          ? JSON.stringify({ container: one.name, part: one.part, line })
          : `${paint("dim", one.name.padEnd(width))} ${line}`;
      const whole = await carrier.log(one, { follow, since, tail }, (line) =>
        process.stdout.write(`${show(line)}\n`),
      );
      if (!whole) process.exitCode = 1;
    }),
  );
}

/** What is made for a release has its version. */
function isOfService({ version }: PartStatus): boolean {
  return version !== null;
}

function lines(value: string): number | undefined {
  if (value === "all") return undefined;
  if (/^\d{1,7}$/.test(value)) return Number(value);
  throw new InvalidArgumentError("needs a number of lines, or all");
}
