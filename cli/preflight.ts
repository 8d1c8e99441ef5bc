/** Whether the host can carry a second release beside the first: asked before anything is changed. */
import { LABEL, type Owner } from "../components/shared/labels.ts";
import { mebibytes } from "../components/shared/units.ts";
import type { ReleaseSettings } from "../components/release.ts";
import { type Docker, ownContainers } from "./docker.ts";
import { failed } from "./errors.ts";

/** Least free space on Docker's disk, in MiB: room for logs and the layers of containers until somebody looks. */
const MIN_FREE_DISK = 512;
/** Used share of the disk from which a warning is given, in percent. */
const DISK_WARNING = 85;
/** A new container may use this much more than those that run, before its limit. */
const MARGIN = 1.25;

export interface HostFacts {
  readonly memoryAvailable: number;
  readonly diskFree: number;
  /** Percent. */
  readonly diskUsed: number;
}

/** Memory in MiB, disk in MiB. @param run runs a shell script in a container on the host */
export async function hostFacts(run: (script: string) => Promise<string>): Promise<HostFacts> {
  const text = await run("sed -n 's/^MemAvailable: *//p' /proc/meminfo; df -Pk / | tail -n 1");
  const [memory = "", disk = ""] = text.split("\n");
  const [, , , free = "", used = ""] = disk.trim().split(/\s+/);
  return {
    memoryAvailable: Math.floor(Number.parseInt(memory, 10) / 1024),
    diskFree: Math.floor(Number(free) / 1024),
    diskUsed: Number.parseInt(used, 10),
  };
}

/** Memory that the containers of each service use now, in MiB: the most that one of them does. */
export async function memoryInUse(docker: Docker, owner: Owner): Promise<Readonly<Record<string, number>>> {
  const format = `{{.ID}} {{.Label "${LABEL.service}"}}`;
  const rows = (await docker.run(["ps", ...ownContainers(owner), "--format", format]))
    .split("\n")
    .map((line) => line.split(" "));
  const serviceOf = new Map(rows.flatMap(([id, service]) => (id && service ? [[id, service] as const] : [])));
  if (serviceOf.size === 0) return {};
  const stats = await docker.try([
    "stats",
    "--no-stream",
    "--format",
    "{{.ID}} {{.MemUsage}}",
    ...serviceOf.keys(),
  ]);
  const most: Record<string, number> = {};
  for (const line of (stats ?? "").split("\n")) {
    const [id = "", usage = ""] = line.split(" ");
    const service = serviceOf.get(id);
    if (service) most[service] = Math.max(most[service] ?? 0, mebibytesOf(usage));
  }
  return most;
}

/** `12.5MiB` as Docker prints it. */
export function mebibytesOf(text: string): number {
  const factors: Readonly<Record<string, number>> = { B: 1 / 2 ** 20, KiB: 1 / 1024, MiB: 1, GiB: 1024 };
  const [, amount = "0", unit = "MiB"] = /^([\d.]+)([KMG]?i?B)$/.exec(text) ?? [];
  return Number(amount) * (factors[unit] ?? 1);
}

/**
 * Memory that the new release's containers will take, in MiB, judged by what those that run use. Services that do not run
 * yet count for nothing: a limit says little about use, and refusing on it would refuse most small hosts.
 */
export function memoryNeeded({ services }: ReleaseSettings, inUse: Readonly<Record<string, number>>): number {
  return Object.entries(services).reduce((sum, [name, { memory, replicas }]) => {
    const one = Math.min(mebibytes(memory), (inUse[name] ?? 0) * MARGIN);
    return sum + Math.ceil(one * replicas);
  }, 0);
}

/** Warnings. @throws CliError where the release would not fit. */
export function checkRoom(facts: HostFacts, needed: number): string[] {
  const problems: string[] = [];
  if (facts.memoryAvailable < needed) {
    problems.push(
      `memory: ${facts.memoryAvailable} MiB are available, and a second release beside the first needs about ${needed} MiB; ` +
        "needs fewer replicas, or more memory",
    );
  }
  if (facts.diskFree < MIN_FREE_DISK) {
    problems.push(
      `disk: ${facts.diskFree} MiB are free (${facts.diskUsed} % used); needs ${MIN_FREE_DISK} MiB: docker image prune, or old logs and backups`,
    );
  }
  if (problems.length > 0) throw failed(`${problems.join("\n")}\nNothing was changed.`);
  const warn = facts.diskUsed >= DISK_WARNING;
  return warn ? [`the host's disk is ${facts.diskUsed} % full, ${facts.diskFree} MiB are free`] : [];
}
