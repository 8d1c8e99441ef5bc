/** Options and arguments that several subcommands share. */
import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { messageOf } from "./errors.ts";
import { checkStackName } from "./project.ts";

/** Checks a stack's name as an argument of the command line. */
export function parseStack(value: string): string {
  try {
    return checkStackName(value);
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}

export function stackArgument(): Argument {
  return new Argument("<stack>", "name of the stack, such as local, staging or production").argParser(
    parseStack,
  );
}

export function jsonOption(): Option {
  return new Option("--json", "print the result as JSON on stdout");
}

/** A number of seconds, up to an hour. */
export function secondsOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string) => {
    if (/^\d{1,4}$/.test(value) && Number(value) <= 3600) return Number(value);
    throw new InvalidArgumentError("needs a whole number of seconds from 0 to 3600");
  });
}

/** For commands that release something. */
export function waitOption(): Option {
  return secondsOption("--wait <seconds>", "how long to wait while somebody else is at the stack").default(
    0,
    "0: refuse at once",
  );
}

/** A port number. */
export function portOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string) => {
    const port = Number(value);
    if (/^\d+$/.test(value) && port >= 1 && port <= 65_535) return port;
    throw new InvalidArgumentError("needs a whole number from 1 to 65535");
  });
}

/** What says which release is to be brought: `version`, `commit` and `digest`. */
export function releaseOptions(command: Command): Command {
  return command
    .requiredOption("--version <version>", "tag of the images")
    .option("--commit <sha>", "git commit that they were built from")
    .option("--digest <service=sha256:…>", "digest of one service's image; may be repeated", digest, {});
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
