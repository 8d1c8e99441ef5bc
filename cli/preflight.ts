/** Whether the host can carry a second release beside the first: asked before anything is changed. */
import { CONNECTIONS_AT_ONCE } from "../components/docker/ssh.ts";
import { LABEL, type Owner } from "../components/shared/labels.ts";
import { mebibytes } from "../components/shared/units.ts";
import type { ReleaseSettings } from "../components/release.ts";
import { type Docker, ownContainers } from "./docker.ts";
import { askApi } from "./docker-api.ts";
import { allSideBySide } from "./side-by-side.ts";
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

/** Of Docker's figures of a container: only what is read here, in bytes. */
interface Figures {
  readonly memory_stats?: { readonly usage?: number; readonly stats?: Readonly<Record<string, number>> };
}

/** Memory that the containers of each service use now, in MiB: the most that one of them does. */
export async function memoryInUse(docker: Docker, owner: Owner): Promise<Readonly<Record<string, number>>> {
  const format = `{{.ID}} {{.Label "${LABEL.service}"}}`;
  const rows = (await docker.run(["ps", ...ownContainers(owner), "--format", format])).split("\n");
  const containers = rows.map((row) => row.split(" ")).filter(([id, service]) => id && service);
  const most: Record<string, number> = {};
  await allSideBySide(
    containers,
    async ([id, service = ""]) => {
      // `docker stats` takes two seconds, since it measures the processor's load.
      const figures = await askApi<Figures>(docker, `/containers/${id}/stats?stream=false&one-shot=true`);
      most[service] = Math.max(most[service] ?? 0, mebibytesUsed(figures));
    },
    CONNECTIONS_AT_ONCE,
  );
  return most;
}

/** As `docker stats` shows it: without what is a copy of files, which goes when memory is asked for. */
export function mebibytesUsed({ memory_stats: memory }: Figures = {}): number {
  // Control groups of version 1 and of version 2 have names of their own for it.
  const files = memory?.stats?.total_inactive_file ?? memory?.stats?.inactive_file ?? 0;
  return Math.max(0, (memory?.usage ?? 0) - files) / 2 ** 20;
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
