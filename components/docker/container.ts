/** What every container of the stack has in common, so that an exception is visible where it is made. */
import { readFileSync } from "node:fs";
import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { type Owner, labels } from "../shared/labels.ts";
import { mebibytes } from "../shared/units.ts";

/** Limits and rights of one container. */
export interface ContainerPolicy {
  /** CPU limit, in CPUs. */
  cpu: number;
  /** Memory limit, such as `1GiB`; swap is off, so that a leak ends in a restart and not in a slow host. */
  memory: string;
  /** `uid:gid` or a user of the image. @default the image's own user */
  user?: string;
  /** Linux capabilities kept; all others are dropped. @default none */
  capabilities?: string[];
  /** Writable paths in memory besides /tmp; the rest of the root filesystem is read-only. */
  writable?: string[];
  /** Seconds between the stop signal and SIGKILL. The provider's own default is to kill at once. */
  stopSeconds: number;
  /** Labels besides the owner's. */
  labels?: Record<string, string>;
}

/** A container that is meant to run for as long as the stack does, as monitoring knows it. */
export interface Watched {
  /** Name of the part, as in its label. */
  resource: string;
  /** Docker's id: what the kernel calls the container. */
  id: pulumi.Output<string>;
  /** Service of the application, for its containers. */
  service?: string;
  /** Version of its release, for a service's. */
  version?: string;
}

/** Microseconds: the kernel's default period of a CPU quota. */
const CPU_PERIOD = 100_000;
/** Weight of a container where all want more CPU than there is: Docker's and the kernel's default. */
export const CPU_SHARES = 1024;

/**
 * Arguments shared by all containers: read-only root, no privileges to gain, capped logs, memory and CPU.
 * `memorySwap` repeats `memory`: left out, Docker fills it in and every later preview shows a change. CPUs are given as
 * a quota: the provider reads `cpus` back in another spelling (2 as "2.0", 10 as "10.", 0.05 as "0.1"). Shares are said
 * since a release changes them for a while (cli/step-aside.ts), and Docker cannot go back to "not said".
 */
export function containerArgs(owner: Owner, resource: string, policy: ContainerPolicy) {
  const memory = mebibytes(policy.memory);
  return {
    // Not unless-stopped: a daemon that was killed stops what still runs when it is back, and then takes it for stopped
    // by hand (https://github.com/moby/moby/pull/53415).
    restart: "always",
    cpuPeriod: CPU_PERIOD,
    cpuQuota: Math.round(policy.cpu * CPU_PERIOD),
    cpuShares: CPU_SHARES,
    memory,
    memorySwap: memory,
    user: policy.user,
    readOnly: true,
    tmpfs: Object.fromEntries(["/tmp", ...(policy.writable ?? [])].map((path) => [path, "mode=1777"])),
    capabilities: { drops: ["ALL"], adds: policy.capabilities ?? [] },
    securityOpts: ["no-new-privileges:true"],
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    destroyGraceSeconds: policy.stopSeconds,
    labels: labels(owner, resource, policy.labels),
  } satisfies Partial<docker.ContainerArgs>;
}

/** Property changes that the provider takes note of and then does not carry out; they need a new container. */
export const REPLACED_BY = ["healthcheck", "init", "tmpfs"];

/**
 * Times of the health checks of what holds data. Each run takes about a tenth of a second of a processor: more often, and
 * ten idle previews fill a small host.
 */
export const DATA_HEALTH = { interval: "5s", timeout: "3s", startPeriod: "0s", retries: 6 };

/**
 * Entrypoint that runs one of the shell scripts beside this file, such as `nginx/watch.sh`. The script itself is the
 * argument: official images are used as they are, and Docker copies no file into a container whose root filesystem is
 * read-only.
 */
export function scriptEntrypoint(path: string): string[] {
  return ["/bin/sh", "-c", scriptText(path), path];
}

/** Parts of a script, one after the other. */
export function scriptText(...paths: string[]): string {
  return paths.map((path) => readFileSync(new URL(path, import.meta.url), "utf8")).join("\n");
}

/**
 * Entrypoint that saves a script where `docker exec` finds it, since the root filesystem is read-only, and runs it.
 * @param file such as `/tmp/tristack-backup`
 */
export function savedScript(file: string, text: string, command: string): string[] {
  return ["/bin/sh", "-c", `printf '%s\\n' "$1" > ${file} && exec /bin/sh ${file} ${command}`, file, text];
}

/** Environment variables as @pulumi/docker takes them; sorted, since their order in the settings means nothing. */
export function variables(environment: Record<string, string>): string[] {
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
}
