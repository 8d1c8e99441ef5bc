/** Whether Compose really made the containers that it was to be compared with. */
import { failed } from "../cli/errors.ts";
import { SECRETS_FOLDER } from "../components/shared/secret-path.ts";
import { isPart } from "./compose-file.ts";
import { type Inspected, type InspectedStack, resourceOf } from "./inspected.ts";

/** Fails, naming resource and property, when containers of the two stacks differ in what is meant to be the same. */
export function requireSame(ours: InspectedStack, composed: InspectedStack): void {
  const [a, b] = [portraits(ours), portraits(composed)];
  const problems = [...new Set([...a.keys(), ...b.keys()])].flatMap((name) => {
    const [left, right] = [a.get(name), b.get(name)];
    if (!left || !right) return [`${name}: only in ${left ? "the stack" : "Compose"}`];
    return Object.keys(left)
      .filter((key) => JSON.stringify(left[key]) !== JSON.stringify(right[key]))
      .map(
        (key) =>
          `${name}, ${key}: ${JSON.stringify(left[key])} in the stack, ${JSON.stringify(right[key])} in Compose`,
      );
  });
  if (problems.length > 0)
    throw failed(`the containers of Compose are not the same:\n${problems.join("\n")}`);
}

/** What counts of each container, under its resource and number. */
function portraits({ containers }: InspectedStack): Map<string, Record<string, unknown>> {
  const byResource = Map.groupBy(containers.filter(isPart), resourceOf);
  return new Map(
    [...byResource].flatMap(([resource, group]) =>
      group.map((container, index) => [`${resource} ${index}`, portrait(container)] as const),
    ),
  );
}

function portrait(container: Inspected): Record<string, unknown> {
  const { Config, HostConfig, Mounts } = container;
  // nginx starts with a configuration of its own there.
  const command = resourceOf(container) === "proxy" ? {} : { Entrypoint: Config.Entrypoint, Cmd: Config.Cmd };
  const { RestartPolicy, PortBindings, ...limits } = HostConfig;
  return {
    ...command,
    Image: Config.Image,
    User: Config.User,
    Env: Config.Env?.toSorted(),
    Healthcheck: Config.Healthcheck,
    Memory: limits.Memory,
    MemorySwap: limits.MemorySwap,
    CpuPeriod: limits.CpuPeriod,
    CpuQuota: limits.CpuQuota,
    ShmSize: limits.ShmSize,
    ReadonlyRootfs: limits.ReadonlyRootfs,
    Tmpfs: limits.Tmpfs,
    CapAdd: limits.CapAdd?.toSorted() ?? [],
    CapDrop: limits.CapDrop?.toSorted() ?? [],
    SecurityOpt: limits.SecurityOpt,
    LogConfig: limits.LogConfig,
    RestartPolicy: RestartPolicy.Name || "no",
    ports: Object.entries(PortBindings ?? {}).map(([port, bindings]) => [
      port,
      bindings?.map(({ HostPort }) => HostPort),
    ]),
    volumes: Mounts.filter(({ Type, Destination }) => Type === "volume" && Destination !== SECRETS_FOLDER)
      .map(({ Destination, RW }) => `${Destination} ${RW ? "rw" : "ro"}`)
      .sort(),
    networks: Object.keys(container.NetworkSettings.Networks).length,
  };
}
