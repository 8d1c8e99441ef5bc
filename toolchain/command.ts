/** Runs programs: output line by line, and failures as one sentence with the end of what the program said. */
import { execa } from "execa";
import { failed } from "../cli/errors.ts";

/** Tells what is being done at the moment; each message takes the place of the one before. */
export type Log = (message: string) => void;

export const silent: Log = () => undefined;

export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called with every line of stdout and stderr. */
  readonly onLine?: Log;
  /** Seconds; longer is a failure. @default 1800 */
  readonly timeout?: number;
  /** What failed, in the error's words. @default the program and its first argument */
  readonly what?: string;
}

const SHOWN_LINES = 12;

/** Runs a program to its end and returns its stdout. Throws with the last lines of its output. */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const timeout = options.timeout ?? 1800;
  const process = execa(file, args, {
    cwd: options.cwd,
    env: { ...options.env },
    stdin: "ignore",
    all: true,
    reject: false,
    timeout: timeout * 1000,
  });
  if (options.onLine) {
    for await (const line of process.iterable({ from: "all" })) options.onLine(line);
  }
  const result = await process;
  if (!result.failed) return result.stdout;
  const what = options.what ?? [file, args[0]].join(" ");
  if (result.timedOut) throw failed(`${what}: not done within ${timeout} s`);
  const lines = (result.all ?? "").trim().split("\n").slice(-SHOWN_LINES).join("\n");
  throw failed(`${what}: ${lines || result.shortMessage}`);
}

/** As `run`, with undefined instead of an error. */
export async function attempt(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string | undefined> {
  return run(file, args, options).catch(() => undefined);
}

/** Whether a program is on PATH. */
export async function onPath(program: string): Promise<boolean> {
  return (await attempt("sh", ["-c", 'command -v "$1"', "sh", program])) !== undefined;
}

/**
 * The same log, called at most once per interval: a build says thousands of things, and where there is no terminal
 * each of them is a line that stays.
 */
export function paced(log: Log, milliseconds = process.stderr.isTTY ? 150 : 10_000): Log {
  let last = 0;
  return (message) => {
    if (Date.now() - last < milliseconds) return;
    last = Date.now();
    log(message);
  };
}
