/**
 * A Compose file of the same containers as a stack that runs: image, command, environment, limits, rights, mounts and
 * health checks are read back from Docker, so that nothing can differ by oversight. What differs on purpose: nginx has
 * a fixed configuration from the start instead of a switch, and secrets are Compose's own instead of files that a
 * container carried into a volume.
 */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Docker } from "../cli/docker.ts";
import { failed } from "../cli/errors.ts";
import { LABEL, type Owner } from "../components/shared/labels.ts";
import { SECRETS_FOLDER } from "../components/shared/secret-path.ts";
import { type Inspected, type InspectedStack, resourceOf, variableOf } from "./inspected.ts";
import { dependencies } from "./compose-order.ts";

/** Where nginx finds its configuration in the Compose file's proxy. */
const NGINX_FOLDER = "/etc/nginx/bench";

export interface ComposeArgs {
  readonly docker: Docker;
  /** The stack, which runs. */
  readonly stack: InspectedStack;
  /** Labels of the containers that Compose makes. */
  readonly target: Owner;
  /** Gets the secrets' and nginx's files, and the Compose file; only the owner may look into it. */
  readonly folder: string;
}

/** Writes the Compose file (JSON, which YAML is) and returns its path. */
export async function writeComposeFile({ docker, stack, target, folder }: ComposeArgs): Promise<string> {
  const services = new Map(stack.containers.filter(isPart).map((container) => [keyOf(container), container]));
  const secrets: Record<string, { file: string }> = {};
  const parts: Record<string, object> = {};
  for (const [key, container] of services) {
    const names = await copySecrets(docker, container, join(folder, "secrets", key));
    for (const name of names) secrets[`${key}-${name}`] = { file: join(folder, "secrets", key, name) };
    parts[key] = {
      ...common(container, target),
      ...(resourceOf(container) === "proxy" ? fixedProxy(stack, folder) : {}),
      secrets: names.map((name) => ({ source: `${key}-${name}`, target: name })),
      depends_on: dependencies(key, services),
    };
  }
  const file = join(folder, "compose.json");
  const model = {
    name: target.stack,
    services: parts,
    secrets,
    networks: networksOf(stack, target),
    volumes: volumesOf(services, target),
  };
  // Compose would take "$" for the start of a variable.
  const text = JSON.stringify(
    model,
    (_, value: unknown) => (typeof value === "string" ? value.replaceAll("$", "$$$$") : value),
    2,
  );
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** Carriers of secrets were never started, and the switch has no counterpart. */
export function isPart(container: Inspected): boolean {
  return container.State.Status !== "created" && resourceOf(container) !== "switch";
}

/** `postgres`, `api-migration`; of a service's containers the name under which the proxy knows each. */
function keyOf(container: Inspected): string {
  if (
    container.Config.Labels[LABEL.service] === undefined ||
    container.HostConfig.RestartPolicy.Name === "no"
  )
    return resourceOf(container);
  const [alias] = Object.values(container.NetworkSettings.Networks).flatMap((network) =>
    aliases(container, network),
  );
  if (alias === undefined)
    throw failed(`container ${container.Id.slice(0, 12)} of ${resourceOf(container)} has no alias`);
  return alias;
}

/** Docker adds the short id by itself. */
function aliases({ Id }: Inspected, network: { Aliases: string[] | null }): string[] {
  return (network.Aliases ?? []).filter((alias) => !Id.startsWith(alias));
}

function common(container: Inspected, target: Owner) {
  const { Config, HostConfig, Mounts, NetworkSettings } = container;
  return {
    image: Config.Image,
    pull_policy: "never",
    user: Config.User,
    environment: Config.Env ?? [],
    entrypoint: Config.Entrypoint,
    command: Config.Cmd,
    labels: { ...Config.Labels, ...ownerLabels(target) },
    healthcheck: healthcheck(container),
    mem_limit: HostConfig.Memory,
    memswap_limit: HostConfig.MemorySwap,
    cpu_period: HostConfig.CpuPeriod,
    cpu_quota: HostConfig.CpuQuota,
    shm_size: HostConfig.ShmSize,
    read_only: HostConfig.ReadonlyRootfs,
    tmpfs: Object.entries(HostConfig.Tmpfs ?? {}).map(([path, options]) => `${path}:${options}`),
    cap_add: HostConfig.CapAdd ?? [],
    cap_drop: HostConfig.CapDrop ?? [],
    security_opt: HostConfig.SecurityOpt ?? [],
    restart: HostConfig.RestartPolicy.Name || "no",
    logging: { driver: HostConfig.LogConfig.Type, options: HostConfig.LogConfig.Config ?? {} },
    ports: Object.entries(HostConfig.PortBindings ?? {}).flatMap(([inside, bindings]) =>
      (bindings ?? []).map(({ HostPort }) => `${HostPort}:${inside}`),
    ),
    volumes: Mounts.filter(isVolume).map(({ Name, Destination, RW }) => ({
      type: "volume",
      source: Name,
      target: Destination,
      read_only: !RW,
    })),
    networks: Object.fromEntries(
      Object.entries(NetworkSettings.Networks).map(([name, network]) => [
        name,
        { aliases: aliases(container, network) },
      ]),
    ),
  };
}

function healthcheck({ Config: { Healthcheck: check } }: Inspected) {
  if (!check) return undefined;
  const time = (nanoseconds = 0) => `${nanoseconds / 1e6}ms`;
  return {
    test: check.Test,
    interval: time(check.Interval),
    timeout: time(check.Timeout),
    start_period: time(check.StartPeriod),
    retries: check.Retries,
  };
}

/** A named volume; the one with the secrets is replaced by Compose's secrets. */
function isVolume(mount: Inspected["Mounts"][number]): boolean {
  return mount.Type === "volume" && mount.Destination !== SECRETS_FOLDER;
}

async function copySecrets(docker: Docker, container: Inspected, folder: string): Promise<string[]> {
  if (!container.Mounts.some(({ Destination }) => Destination === SECRETS_FOLDER)) return [];
  mkdirSync(folder, { recursive: true });
  await docker.run(["cp", `${container.Id}:${SECRETS_FOLDER}/.`, folder]);
  const names = readdirSync(folder);
  // Users differ from container to container, and Compose mounts the files as they are.
  for (const name of names) chmodSync(join(folder, name), 0o444);
  return names;
}

/** The switch's configuration, which nginx has from the start; it waits for the certificate alone. */
function fixedProxy({ containers }: InspectedStack, folder: string) {
  const change = containers.find((container) => resourceOf(container) === "switch");
  const configuration = change && variableOf(change, "NGINX_CONFIGURATION");
  const upstreams = change && variableOf(change, "UPSTREAMS");
  const proxy = containers.find((container) => resourceOf(container) === "proxy");
  if (configuration === undefined || upstreams === undefined || !proxy)
    throw failed("the stack has no switch to read nginx's configuration from");
  const files = join(folder, "nginx");
  mkdirSync(files);
  writeFileSync(join(files, "nginx.conf"), configuration);
  writeFileSync(join(files, "upstreams.conf"), upstreamBlocks(upstreams));
  const { volumes } = common(proxy, { project: "", stack: "" });
  const start = [
    "mkdir -p /run/tristack",
    "until ls /etc/nginx/ssl/serving/*/fullchain.pem >/dev/null 2>&1; do sleep 0.1; done",
    `exec nginx -c ${NGINX_FOLDER}/nginx.conf -g "daemon off;"`,
  ];
  return {
    entrypoint: ["/bin/sh", "-c", start.join("; ")],
    command: [],
    volumes: [...volumes, { type: "bind", source: files, target: NGINX_FOLDER, read_only: true }],
  };
}

/** As watch.sh writes them, with names where that writes addresses. */
function upstreamBlocks(lines: string): string {
  const servers = Map.groupBy(
    lines
      .trim()
      .split("\n")
      .map((line) => line.split(" ")),
    ([service]) => service,
  );
  const blocks = [...servers].map(([service, rows]) => {
    const hosts = rows.map(([, host, port]) => `  server ${host}:${port} max_fails=2 fail_timeout=2s;\n`);
    return `upstream ${service} {\n  zone ${service} 64k;\n${hosts.join("")}}\n`;
  });
  return blocks.join("");
}

/** Networks and volumes under the stack's names; Compose puts its own project's name in front. */
function networksOf({ networks }: InspectedStack, target: Owner) {
  return Object.fromEntries(
    Object.entries(networks).map(([name, internal]) => [
      name,
      { driver: "bridge", internal, labels: ownerLabels(target) },
    ]),
  );
}

function volumesOf(services: ReadonlyMap<string, Inspected>, target: Owner) {
  const names = [...services.values()].flatMap(({ Mounts }) =>
    Mounts.filter(isVolume).map(({ Name }) => Name ?? ""),
  );
  return Object.fromEntries(names.map((name) => [name, { labels: ownerLabels(target) }]));
}

/** By which a bench finds, and removes, what Compose has made. */
function ownerLabels({ project, stack }: Owner): Record<string, string> {
  return { [LABEL.project]: project, [LABEL.stack]: stack };
}
