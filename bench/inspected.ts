/** What `docker inspect` says about a running stack's containers and networks; only what a Compose file repeats. */
import type { Docker } from "../cli/docker.ts";
import { LABEL, type Owner } from "../components/shared/labels.ts";

/** One container, as Docker's API spells it. Times are nanoseconds, sizes bytes. */
export interface Inspected {
  Id: string;
  State: { Status: string };
  Config: {
    Image: string;
    User: string;
    Env: string[] | null;
    Cmd: string[] | null;
    Entrypoint: string[] | null;
    Labels: Record<string, string>;
    Healthcheck?: {
      Test: string[];
      Interval?: number;
      Timeout?: number;
      StartPeriod?: number;
      Retries?: number;
    };
  };
  HostConfig: {
    Memory: number;
    MemorySwap: number;
    CpuPeriod: number;
    CpuQuota: number;
    ShmSize: number;
    ReadonlyRootfs: boolean;
    Tmpfs?: Record<string, string>;
    CapAdd: string[] | null;
    CapDrop: string[] | null;
    SecurityOpt: string[] | null;
    RestartPolicy: { Name: string };
    LogConfig: { Type: string; Config: Record<string, string> | null };
    PortBindings: Record<string, { HostPort: string }[] | null> | null;
  };
  Mounts: { Type: string; Name?: string; Destination: string; RW: boolean }[];
  NetworkSettings: { Networks: Record<string, { Aliases: string[] | null }> };
}

/** A stack in Docker: all of its containers, and which of its networks have no way out. */
export interface InspectedStack {
  readonly containers: readonly Inspected[];
  /** Whether it is internal, by name. */
  readonly networks: Readonly<Record<string, boolean>>;
}

export async function inspectStack(docker: Docker, owner: Owner): Promise<InspectedStack> {
  const ids = (await docker.containers(owner)).map(({ id }) => id);
  const containers = JSON.parse(await docker.run(["inspect", "--type", "container", ...ids])) as Inspected[];
  const networkIds = (await docker.networks(owner)).map(({ id }) => id);
  const networks = JSON.parse(await docker.run(["network", "inspect", ...networkIds])) as {
    Name: string;
    Internal: boolean;
  }[];
  return { containers, networks: Object.fromEntries(networks.map(({ Name, Internal }) => [Name, Internal])) };
}

/** Name of the resource that a container is of, such as `postgres` or `api-migration`. */
export function resourceOf({ Config }: Inspected): string {
  return Config.Labels[LABEL.resource] ?? "";
}

/** Value of one of a container's environment variables. */
export function variableOf({ Config }: Inspected, name: string): string | undefined {
  return Config.Env?.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}
