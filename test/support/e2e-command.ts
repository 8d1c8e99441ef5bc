/** Running the commands that a person would type, in an environment that knows nothing of this checkout. */
import { delimiter, join, sep } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";

export const REPOSITORY = join(import.meta.dirname, "..", "..");

/** What a command said and how it ended. */
export interface Ran {
  /** As typed, for messages. */
  readonly command: string;
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as a person sees them. */
  readonly all: string;
  readonly seconds: number;
}

export interface RunOptions {
  readonly cwd: string;
  /** Variables besides `environment()`; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** @default 600 */
  readonly timeoutSeconds?: number;
  /** Called with each line as it is said. */
  readonly onLine?: (line: string) => void;
}

/** Runs a command to its end, whatever that is. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const began = Date.now();
  const running = execa(command, args, {
    cwd: options.cwd,
    env: { ...environment(), ...options.env },
    extendEnv: false,
    input: options.input ?? "",
    all: true,
    reject: false,
    timeout: (options.timeoutSeconds ?? 600) * 1000,
  });
  if (options.onLine) createInterface({ input: running.stderr }).on("line", options.onLine);
  const result = await running;
  const typed = [command, ...args].join(" ");
  if (result.code !== undefined && result.exitCode === undefined && result.signal === undefined) {
    throw new Error(`${typed} could not be started: ${result.shortMessage ?? result.code}`);
  }
  return {
    command: typed,
    exitCode: result.timedOut ? undefined : result.exitCode,
    stdout: result.stdout,
    stderr: result.stderr,
    all: result.timedOut ? `${result.all}\n[no end within ${options.timeoutSeconds ?? 600} s]` : result.all,
    seconds: (Date.now() - began) / 1000,
  };
}

/** The same result, or an error with the last lines of what the command said. */
export function succeeded(ran: Ran): Ran {
  return ended(ran, 0);
}

/** The same result if its exit code is the expected one. */
export function ended(ran: Ran, exitCode: number): Ran {
  if (ran.exitCode === exitCode) return ran;
  throw new Error(
    `${ran.command}: exit code ${ran.exitCode ?? "none"}, expected ${exitCode}\n${lastLines(ran.all)}`,
  );
}

/** Where a command says what went wrong; whoever reads a report of many failures needs no more of it. */
function lastLines(text: string, count = 60): string {
  const lines = text.split("\n");
  return lines.length <= count ? text : ["[…]", ...lines.slice(-count)].join("\n");
}

/** What npm and Pulumi add or a developer may have set, and a newcomer has not. */
const FOREIGN =
  /^(PULUMI_(?!HOME$)|npm_(package|lifecycle|command|execpath|node_execpath|config_(local_)?prefix)|INIT_CWD|NODE_OPTIONS|TRISTACK_)/;

/** This process's environment without what leads into this checkout or to somebody's Pulumi account. */
export function environment(): Record<string, string> {
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== REPOSITORY && !folder.startsWith(REPOSITORY + sep));
  const kept = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || FOREIGN.test(name) ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), NO_COLOR: "1" };
}
