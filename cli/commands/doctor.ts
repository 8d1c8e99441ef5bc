/** `tristack doctor`: what is missing on this machine and in a stack, and the command that mends it. */
import { Argument, Command } from "commander";
import type { Check } from "../checks.ts";
import { CliError } from "../errors.ts";
import { jsonOption, parseStack } from "../options.ts";
import { paint, print, printJson, table } from "../output.ts";
import { createProgress } from "../progress.ts";
import { readProject, readStackFile } from "../project.ts";
import { dockerOf } from "../stack-docker.ts";
import { isBare, isElsewhere } from "../stack-settings.ts";

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("say what is missing on this machine and in a stack, and what mends it")
    .addArgument(new Argument("[stack]", "a stack to look at as well").argParser(parseStack))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExit code 1 if something needed is missing.\n\nExamples:\n  tristack doctor\n  tristack doctor local --json\n  tristack doctor production\n",
    )
    .action(async (stack: string | undefined, options: { json?: boolean }) =>
      doctor(stack, Boolean(options.json)),
    );
}

async function doctor(stack: string | undefined, json: boolean): Promise<void> {
  const checks = await createProgress().step("Looking", () => allChecks(stack));
  if (json) printJson(checks);
  else show(checks);
  const missing = checks.filter((check) => check.state === "missing");
  if (missing.length > 0) throw new CliError(`${missing.length} of ${checks.length} checks failed`, 1);
}

async function allChecks(stack: string | undefined): Promise<Check[]> {
  // Loaded here, so that `--help` need not wait for them.
  const { inspectToolchain } = await import("../../toolchain/inspect.ts");
  const { targetFor } = await import("../../toolchain/pins.ts");
  const { machineChecks } = await import("../checks-machine.ts");
  const { backendCheck, stackChecks } = await import("../checks-stack.ts");
  const project = readProject();
  const file = stack === undefined ? undefined : readStackFile(project, stack);
  // Of a cluster, of AWS and of what is alone, no Docker is asked.
  const docker = file && (isElsewhere(file) || isBare(file)) ? undefined : dockerOf(project, file);
  const target = file ? targetFor(file.config.target) : "vps";
  const machine = await machineChecks(target, await inspectToolchain(target), docker);
  const own = stack === undefined ? [] : await stackChecks(project, stack, file, docker);
  return [...machine, backendCheck(project, stack), ...own];
}

function show(checks: readonly Check[]): void {
  const marks = { ok: paint("green", "ok"), note: paint("yellow", "note"), missing: paint("red", "MISSING") };
  const rows = checks.flatMap(({ name, state, found, mend }) => {
    const [first = "", ...more] = found.split("\n");
    const mending = mend === undefined ? [] : [["", "", paint("dim", `-> ${mend}`)]];
    return [[marks[state], name, first], ...more.map((line) => ["", "", line]), ...mending];
  });
  print(table(rows));
}
