/** The processes of this machine: whether the holder of a lock still lives, and what a dead engine left running. */
import { readFile, readdir, readlink } from "node:fs/promises";
import { execa } from "execa";

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** Program and arguments. */
  readonly argv: readonly string[];
  /** When it started, to the second; undefined where the system does not tell. */
  readonly started?: Date;
  /** Its working folder; undefined where the system does not tell. */
  readonly folder?: string;
}

/** All living processes (a zombie is dead: it only waits to be counted). */
export async function listProcesses(): Promise<ProcessInfo[]> {
  return process.platform === "linux" ? fromProc() : fromPs();
}

/** Linux: ps is not there on a minimal Debian. */
async function fromProc(): Promise<ProcessInfo[]> {
  const boot = Number(/^btime (\d+)$/m.exec(await readFile("/proc/stat", "utf8"))?.[1]);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => fromProcFolder(Number(pid), boot)));
  return found.filter((info) => info !== undefined);
}

const TICKS_PER_SECOND = 100;

async function fromProcFolder(pid: number, boot: number): Promise<ProcessInfo | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold anything; what counts comes after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").slice(0, -1);
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    const started = new Date((boot + Number(fields[19]) / TICKS_PER_SECOND) * 1000);
    return { pid, parent: Number(fields[1]), argv, started, folder };
  } catch {
    return undefined; // it ended while we looked
  }
}

async function fromPs(): Promise<ProcessInfo[]> {
  const { stdout } = await execa("ps", ["-axo", "pid=,ppid=,stat=,lstart=,command="], {
    env: { LC_ALL: "C" },
  });
  return parsePs(stdout);
}

/** Output of `ps -axo pid=,ppid=,stat=,lstart=,command=`. */
export function parsePs(text: string): ProcessInfo[] {
  const line = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]{8}\s+\d{4})\s+(.*)$/;
  return text.split("\n").flatMap((row) => {
    const [, pid, parent, state = "", started = "", command = ""] = line.exec(row) ?? [];
    if (pid === undefined || state.startsWith("Z")) return [];
    return [
      { pid: Number(pid), parent: Number(parent), argv: command.split(" "), started: new Date(started) },
    ];
  });
}

/** Whether this is Pulumi's engine itself (not a plugin, a language host or the launcher). */
export function isEngine(process: ProcessInfo): boolean {
  return /^pulumi(\.exe)?$/.test(programOf(process));
}

/** Whether this is something that an engine starts: a plugin, a language host, or a program in Node. */
export function isHelper(process: ProcessInfo): boolean {
  return (
    /^pulumi-(resource|language)-/.test(programOf(process)) ||
    /[/\\]@pulumi[/\\]pulumi[/\\]cmd[/\\]run\b/.test(process.argv[1] ?? "")
  );
}

function programOf(process: ProcessInfo): string {
  return process.argv[0]?.split(/[/\\]/).pop() ?? "";
}

/** Whether its working folder is `root` or below, or not known. */
export function worksIn({ folder }: ProcessInfo, root: string): boolean {
  return folder === undefined || folder === root || folder.startsWith(`${root}/`);
}

/**
 * Plugins, language hosts and programs of engines that are dead: no living engine among their ancestors. Only those that
 * work in this checkout, where the system tells the folder.
 */
export function orphanedHelpers(processes: readonly ProcessInfo[], root: string): ProcessInfo[] {
  const byPid = new Map(processes.map((one) => [one.pid, one]));
  const hasEngine = (one: ProcessInfo, depth = 0): boolean => {
    const parent = byPid.get(one.parent);
    if (!parent || depth > 50) return false;
    return isEngine(parent) || hasEngine(parent, depth + 1);
  };
  return processes.filter((one) => isHelper(one) && worksIn(one, root) && !hasEngine(one));
}
