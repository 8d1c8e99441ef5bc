/**
 * Runs a command and measures it as a whole: wall time, and the memory of it and of everything it starts. Memory is read
 * from /proc, which only Linux has.
 */
import { readFileSync, readdirSync } from "node:fs";
import { execa } from "execa";
import { failed } from "../cli/errors.ts";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to this process's environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Sample {
  /** Wall time from start to exit. */
  readonly seconds: number;
  /**
   * Peak resident memory of the largest process of Node, in MiB: the kernel's own high-water mark (VmHWM), as
   * `/usr/bin/time -v` reports it. Of Pulumi previews it is the one that runs the program. 0 without one.
   */
  readonly nodeMiB: number;
  /** Peak of the resident memory of all processes together, in MiB; what they share counts more than once. */
  readonly treeMiB: number;
}

export interface Measured {
  readonly sample: Sample;
  /** stdout and stderr. */
  readonly output: string;
}

const SAMPLE_MILLISECONDS = 25;
const TIMEOUT_SECONDS = 300;
/** What Node calls its process: the second since Node 20. */
const NODE_NAMES = ["node", "MainThread"];

/** Runs `command` to its end, or to the signal. Fails with the end of its output unless it exits 0. */
export async function measure(
  command: Command,
  signal: AbortSignal,
  timeoutSeconds = TIMEOUT_SECONDS,
): Promise<Measured> {
  signal.throwIfAborted();
  const started = performance.now();
  const process = execa(command.file, command.args, {
    cwd: command.cwd,
    env: command.env,
    stdin: "ignore",
    all: true,
    reject: false,
    timeout: timeoutSeconds * 1000,
    cancelSignal: signal,
  });
  const watch = new MemoryWatch(process.pid);
  const timer = setInterval(() => watch.look(), SAMPLE_MILLISECONDS);
  // The exit itself; `await process` would also wait for whoever still holds the output open.
  const ended = new Promise<number>((resolve) =>
    process.nodeChildProcess.once("exit", () => resolve(performance.now())),
  );
  const result = await process;
  clearInterval(timer);
  signal.throwIfAborted();
  if (result.failed) {
    const why = result.timedOut
      ? `not done within ${timeoutSeconds} s`
      : `exit code ${result.exitCode ?? "none"}`;
    const end = result.all.trim().split("\n").slice(-25).join("\n");
    throw failed(`${[command.file, ...command.args].join(" ")}: ${why}\n${end}`);
  }
  return { sample: { seconds: ((await ended) - started) / 1000, ...watch.peak }, output: result.all };
}

/** Follows the memory of a process and its descendants, look by look. */
class MemoryWatch {
  readonly #root: number | undefined;
  #node = 0;
  #tree = 0;

  constructor(root: number | undefined) {
    this.#root = root;
  }

  look(): void {
    let total = 0;
    for (const pid of this.#root === undefined ? [] : family(this.#root)) {
      const memory = memoryOf(pid);
      if (!memory) continue;
      total += memory.now;
      if (NODE_NAMES.includes(memory.name)) this.#node = Math.max(this.#node, memory.peak);
    }
    this.#tree = Math.max(this.#tree, total);
  }

  get peak(): Omit<Sample, "seconds"> {
    return {
      nodeMiB: this.#node / 1024,
      treeMiB: this.#tree / 1024,
    };
  }
}

/** A process and all its descendants; those that end meanwhile are left out. */
function family(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(family)];
}

function childrenOf(pid: number): number[] {
  const tasks = orNothing(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  // Each thread lists the children that it started itself.
  return tasks.flatMap((task) => {
    const list = orNothing(() => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")) ?? "";
    return list.split(" ").filter(Boolean).map(Number);
  });
}

/** KiB; undefined when the process is gone. */
function memoryOf(pid: number): { name: string; now: number; peak: number } | undefined {
  const status = orNothing(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  const field = (name: string) => status?.match(new RegExp(`^${name}:\\s+(\\S+)`, "m"))?.[1];
  const [name, now, peak] = [field("Name"), field("VmRSS"), field("VmHWM")];
  if (name === undefined || now === undefined || peak === undefined) return undefined;
  return { name, now: Number(now), peak: Number(peak) };
}

/** Processes come and go while they are looked at. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
