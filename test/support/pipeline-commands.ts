/** Whether a call of `tristack` is one that the command line takes: read by the real command tree, and not carried out. */
import { type Command, CommanderError } from "commander";
import { createProgram } from "../../cli/main.ts";

/** Why a call is refused; undefined if it is not. @param words those after `tristack` */
export async function refusalOf(words: readonly string[]): Promise<string | undefined> {
  const program = await createProgram();
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
