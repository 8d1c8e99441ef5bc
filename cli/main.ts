/** The `tristack` command: options, subcommands, exit codes. What a subcommand does stands in commands/. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { backupCommand } from "./commands/backup.ts";
import { certificateCommand } from "./commands/certificate.ts";
import { costCommand } from "./commands/cost.ts";
import { deployCommand } from "./commands/deploy.ts";
import { destroyCommand } from "./commands/destroy.ts";
import { driftCommand } from "./commands/drift.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { environmentCommand } from "./commands/environment.ts";
import { hostCommand } from "./commands/host.ts";
import { initCommand } from "./commands/init.ts";
import { logsCommand } from "./commands/logs.ts";
import { maintenanceCommand } from "./commands/maintenance.ts";
import { monitoringCommand } from "./commands/monitoring.ts";
import { outputsCommand } from "./commands/outputs.ts";
import { rebuildCommand } from "./commands/rebuild.ts";
import { planCommand } from "./commands/plan.ts";
import { recoveryKeyCommand } from "./commands/recovery-key.ts";
import { renderCommand } from "./commands/render.ts";
import { releasesCommand } from "./commands/releases.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { reportCommand } from "./commands/report.ts";
import { restoreCommand } from "./commands/restore.ts";
import { startCommand } from "./commands/start.ts";
import { statusCommand } from "./commands/status.ts";
import { presentError } from "./errors.ts";

/** The whole command tree; building it runs nothing. */
export function createProgram(): Command {
  const program = new Command("tristack")
    .description(
      "What Pulumi itself does not do for a Tristack stack. Plain `npx pulumi preview|up|destroy` works as well.",
    )
    .version(ownVersion(), "--version", "print the version")
    .addOption(debugOption())
    // `tristack deploy S --version V` is about the application's version.
    .enablePositionalOptions()
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .showHelpAfterError("(run with --help for what is possible)")
    .addHelpText("after", "\nExit codes: 0 done, 1 failed, 2 bad input (nothing was changed).\n");
  for (const command of [
    startCommand(),
    initCommand(),
    doctorCommand(),
    outputsCommand(),
    deployCommand(),
    rollbackCommand(),
    statusCommand(),
    releasesCommand(),
    logsCommand(),
    maintenanceCommand(),
    monitoringCommand(),
    backupCommand(),
    restoreCommand(),
    recoveryKeyCommand(),
    rebuildCommand(),
    certificateCommand(),
    environmentCommand(),
    hostCommand(),
    planCommand(),
    driftCommand(),
    renderCommand(),
    reportCommand(),
    costCommand(),
    destroyCommand(),
  ]) {
    withCommonOptions(command, program);
    program.addCommand(command);
  }
  return program;
}

/** A command, and those below it. */
function withCommonOptions(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent).helpOption("-h, --help", "show help").addOption(debugOption());
  if (command.commands.length > 0) command.helpCommand(false);
  for (const one of command.commands) withCommonOptions(one, command);
}

/** Whatever is wrong with the input is thrown, by a command below another one as well. */
function throwing(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwing);
}

function debugOption(): Option {
  return new Option("--debug", "show the details of unexpected errors (or set TRISTACK_DEBUG=1)");
}

/** Runs the command line and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram();
  throwing(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = exitCodeOf(error, argv);
  }
}

function exitCodeOf(error: unknown, argv: readonly string[]): number {
  // Commander has printed its message already; all of its own complaints are about input.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const debug = argv.includes("--debug") || Boolean(process.env.TRISTACK_DEBUG);
  const { text, exitCode } = presentError(error, debug);
  process.stderr.write(`error: ${text}\n`);
  return exitCode;
}

function ownVersion(): string {
  const file = join(import.meta.dirname, "..", "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
