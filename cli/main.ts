/** The `tristack` command: options, subcommands, exit codes. What a subcommand does stands in commands/. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { presentError } from "./errors.ts";
import { outliveReaders } from "./output.ts";

/** Subcommands in the order of --help, each loaded when it is needed: all of them take longer than most of them run. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import("./commands/start.ts")).startCommand(),
  init: async () => (await import("./commands/init.ts")).initCommand(),
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  outputs: async () => (await import("./commands/outputs.ts")).outputsCommand(),
  deploy: async () => (await import("./commands/deploy.ts")).deployCommand(),
  rollback: async () => (await import("./commands/rollback.ts")).rollbackCommand(),
  status: async () => (await import("./commands/status.ts")).statusCommand(),
  releases: async () => (await import("./commands/releases.ts")).releasesCommand(),
  logs: async () => (await import("./commands/logs.ts")).logsCommand(),
  maintenance: async () => (await import("./commands/maintenance.ts")).maintenanceCommand(),
  monitoring: async () => (await import("./commands/monitoring.ts")).monitoringCommand(),
  backup: async () => (await import("./commands/backup.ts")).backupCommand(),
  restore: async () => (await import("./commands/restore.ts")).restoreCommand(),
  "recovery-key": async () => (await import("./commands/recovery-key.ts")).recoveryKeyCommand(),
  rebuild: async () => (await import("./commands/rebuild.ts")).rebuildCommand(),
  certificate: async () => (await import("./commands/certificate.ts")).certificateCommand(),
  environment: async () => (await import("./commands/environment.ts")).environmentCommand(),
  host: async () => (await import("./commands/host.ts")).hostCommand(),
  plan: async () => (await import("./commands/plan.ts")).planCommand(),
  drift: async () => (await import("./commands/drift.ts")).driftCommand(),
  render: async () => (await import("./commands/render.ts")).renderCommand(),
  report: async () => (await import("./commands/report.ts")).reportCommand(),
  cost: async () => (await import("./commands/cost.ts")).costCommand(),
  destroy: async () => (await import("./commands/destroy.ts")).destroyCommand(),
};

/**
 * The command tree; building it runs nothing.
 * @param named subcommand to build alone @default all of them, also where there is none of that name
 */
export async function createProgram(named = ""): Promise<Command> {
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
  for (const command of await commandsOf(named)) {
    withCommonOptions(command, program);
    program.addCommand(command);
  }
  return program;
}

async function commandsOf(named: string): Promise<Command[]> {
  const one = Object.hasOwn(COMMANDS, named) ? COMMANDS[named] : undefined;
  return one ? [await one()] : await Promise.all(Object.values(COMMANDS).map((load) => load()));
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
  outliveReaders();
  const program = await createProgram(argv[2]);
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
