/** `tristack logs`: the logs of all containers of a stack, or of one part, each line with its container. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { openContext } from "../deploy-context.ts";
import { badInput } from "../errors.ts";
import { stackArgument } from "../options.ts";
import { paint } from "../output.ts";
import { containersOf } from "../status.ts";

interface LogsOptions {
  follow?: boolean;
  since?: string;
  tail: string;
  json?: boolean;
}

export function logsCommand(): Command {
  return new Command("logs")
    .description("logs of a stack's containers, or of one part such as api, proxy or postgres")
    .addArgument(stackArgument())
    .addArgument(new Argument("[part]", "service or other part (default: all services and the proxy)"))
    .option("-f, --follow", "go on until Ctrl-C")
    .option("--since <time>", "only what is newer, such as 10m or 2026-11-24T10:00:00Z")
    .addOption(new Option("-n, --tail <lines>", "lines of each container").default("100").argParser(lines))
    .addOption(new Option("--json", "an object a line: container, part, line"))
    .addHelpText(
      "after",
      "\nExamples:\n  tristack logs production api --follow\n  tristack logs production proxy --since 10m --tail all\n",
    )
    .action(logs);
}

async function logs(stack: string, part: string | undefined, options: LogsOptions): Promise<void> {
  const context = openContext(stack);
  const all = await containersOf(context);
  const wanted = (one: { part: string; version: string | null }) =>
    part === undefined ? one.version !== null || one.part === "proxy" : one.part === part;
  const containers = all.filter(wanted);
  if (containers.length === 0) {
    const parts = [...new Set(all.map((one) => one.part))].join(", ");
    throw badInput(
      `${stack} has no container of ${part ?? "any service"}; needs one of: ${parts || "(nothing runs)"}`,
    );
  }
  const since = options.since === undefined ? [] : ["--since", options.since];
  const flags = [...(options.follow ? ["--follow"] : []), "--timestamps", "--tail", options.tail, ...since];
  const width = Math.max(...containers.map(({ name }) => name.length));
  await Promise.all(
    containers.map(async ({ name, part }) => {
      const child = context.docker.start(["logs", ...flags, name]);
      const show = (line: string) =>
        options.json
          ? JSON.stringify({ container: name, part, line })
          : `${paint("dim", name.padEnd(width))} ${line}`;
      eachLine(child.stdout, show);
      eachLine(child.stderr, show);
      const { exitCode } = await child;
      if (exitCode !== 0) process.exitCode = 1;
    }),
  );
}

function eachLine(stream: Readable, show: (line: string) => string): void {
  createInterface({ input: stream }).on("line", (line) => process.stdout.write(`${show(line)}\n`));
}

function lines(value: string): string {
  if (value === "all" || /^\d{1,7}$/.test(value)) return value;
  throw new InvalidArgumentError("needs a number of lines, or all");
}
