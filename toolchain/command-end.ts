/** How the toolchain's commands end when something is wrong. */
import { CommanderError } from "commander";
import { presentError } from "../cli/errors.ts";

/** Says what was wrong, unless commander has, and sets the exit code: 2 for bad input. */
export function endWith(error: unknown, debug: boolean): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return;
  }
  const { text, exitCode } = presentError(error, debug);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
