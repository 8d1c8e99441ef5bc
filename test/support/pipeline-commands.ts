/** Whether a call of `tristack` is one that the command line takes: read by the real command tree, and not carried out. */
import { Command, CommanderError, Option } from "commander";
import { createProgram } from "../../cli/main.ts";

/** Commands that the workflows call and that are not merged yet, besides `--wait` below. To be removed once they are. */
const COMING = ["environment", "drift", "report"];

/** Why a call is refused; undefined if it is not. @param words those after `tristack` */
export async function refusalOf(words: readonly string[]): Promise<string | undefined> {
  const program = createProgram();
  for (const command of COMING)
    if (!program.commands.some((one) => one.name() === command)) program.addCommand(coming(command));
  for (const command of program.commands)
    if (
      ["deploy", "rollback"].includes(command.name()) &&
      !command.options.some(({ long }) => long === "--wait")
    )
      command.option("--wait <seconds>");
  for (const command of everyOne(program)) {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    if (command.commands.length === 0) command.action(() => undefined);
  }
  try {
    await program.parseAsync([...words], { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    throw error;
  }
}

function everyOne(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyOne)];
}

/** The interface that was agreed on. */
function coming(name: string): Command {
  const command = new Command(name);
  const add = (sub: string, ...flags: string[]) => {
    const [words = "", ...rest] = [sub, ...flags];
    const made = command.command(words);
    for (const flag of rest) made.addOption(new Option(flag));
  };
  if (name === "environment") {
    add(
      "up [name]",
      "--pull-request <number>",
      "--version <version>",
      "--commit <sha>",
      "--digest <digest...>",
      "--json",
    );
    add("list", "--json");
    add("down <name>", "--if-exists", "--json");
    add("sweep", "--open <numbers>", "--closed <numbers>", "--json");
  } else if (name === "drift") command.argument("[stacks...]").option("--markdown").option("--json");
  else {
    add("comment", "--key <key>", "--file <file>", "--pull-request <number>", "--remove", "--json");
    add(
      "issue",
      "--key <key>",
      "--title <title>",
      "--file <file>",
      "--label <label...>",
      "--close",
      "--json",
    );
    add(
      "notice",
      "--text <text>",
      "--status <status>",
      "--deploy <file>",
      "--stack <stack>",
      "--version <version>",
      "--link <url>",
      "--optional",
    );
    add(
      "sentry",
      "--version <version>",
      "--environment <name>",
      "--commit <sha>",
      "--link <url>",
      "--optional",
    );
  }
  return command;
}
