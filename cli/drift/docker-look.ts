/**
 * What a refresh cannot see of a stack in Docker: the provider never reads back which networks a container is in, tells a
 * stopped container as a change of `mustRun`, and knows nothing that the state does not know.
 */
import type { Docker } from "../docker.ts";
import { resourceName } from "../events.ts";
import type { Deployment, StateResource } from "../recovery.ts";
import { unrecorded } from "../recovery.ts";
import { objectOf } from "../stack-settings.ts";
import type { Finding } from "./finding.ts";

/** Only what is read here of `docker inspect`. */
export interface SeenContainer {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Running: boolean; readonly Paused: boolean; readonly Status: string };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly Aliases: readonly string[] | null }>>;
  };
}

const CONTAINER = "docker:index/container:Container";
/** Characters of an id that stand for it. */
const SHORT_ID = 12;

export async function dockerFindings(docker: Docker, engine: Owned, state: Deployment): Promise<Finding[]> {
  const [containers, networks] = await Promise.all([
    docker.containers(engine.owner),
    docker.networks(engine.owner),
  ]);
  const command = commandOf(docker);
  const seen = await inspected(
    docker,
    containers.map(({ id }) => id),
  );
  return [
    ...containerFindings(state, seen, command),
    ...unrecorded(containers, state).map((one) =>
      stranger("container", one.name, `${command} rm --force --volumes ${one.name}`),
    ),
    ...unrecorded(networks, state).map((one) =>
      stranger("network", one.name, `${command} network rm ${one.name}`),
    ),
  ];
}

type Owned = { readonly owner: { readonly project: string; readonly stack: string } };

/** Those of the state that are there: those that are not, the engine names. */
export function containerFindings(
  { resources = [] }: Deployment,
  seen: readonly SeenContainer[],
  command = "docker",
): Finding[] {
  const byId = new Map(seen.map((one) => [one.Id, one]));
  return resources
    .filter(({ type }) => type === CONTAINER)
    .flatMap((resource) => {
      const container = byId.get(resource.id ?? "");
      // What runs once may have ended; nobody uses the networks that it was in.
      if (!container || resource.inputs?.mustRun === false || resource.inputs?.start === false) return [];
      return [...stopped(resource, container, command), ...networksOf(resource, container, command)];
    });
}

function stopped({ urn }: StateResource, { Name, State }: SeenContainer, command: string): Finding[] {
  if (State.Running && !State.Paused) return [];
  const name = Name.replace(/^\//, "");
  return [
    {
      kind: "stopped",
      resource: resourceName(urn),
      urn,
      says: "an update would take note of it, and not start it",
      properties: [{ path: "status", before: "running", after: State.Status }],
      mend: `${command} ${State.Paused ? "unpause" : "start"} ${name}`,
    },
  ];
}

function networksOf(
  { urn, inputs }: StateResource,
  { Id, Name, NetworkSettings }: SeenContainer,
  command: string,
): Finding[] {
  const wanted = wantedNetworks(inputs?.networksAdvanced);
  if (!wanted) return [];
  const name = Name.replace(/^\//, "");
  const is = NetworkSettings.Networks;
  const aliasesIn = (network: string) =>
    // Docker adds the short id by itself.
    (is[network]?.Aliases ?? []).filter((alias) => alias !== Id.slice(0, SHORT_ID)).sort();
  const connect = (network: string) => {
    const aliases = (wanted.get(network) ?? []).map((alias) => `--alias ${alias} `);
    return `${command} network connect ${aliases.join("")}${network} ${name}`;
  };
  const disconnect = (network: string) => `${command} network disconnect ${network} ${name}`;
  const gone = [...wanted.keys()].filter((network) => !(network in is));
  const come = Object.keys(is).filter((network) => !wanted.has(network));
  const renamed = [...wanted].filter(
    ([network, aliases]) => network in is && aliases.some((alias) => !aliasesIn(network).includes(alias)),
  );
  const commands = [
    ...gone.map(connect),
    ...come.map(disconnect),
    ...renamed.map(([network]) => `${disconnect(network)} && ${connect(network)}`),
  ];
  if (commands.length === 0) return [];
  const properties = [
    ...gone.map((network) => ({ path: "networks", before: network, after: undefined })),
    ...come.map((network) => ({ path: "networks", before: undefined, after: network })),
    ...renamed.map(([network, aliases]) => ({
      path: `networks[${network}].aliases`,
      before: aliases.join(", "),
      after: aliasesIn(network).join(", "),
    })),
  ];
  return [{ kind: "changed", resource: resourceName(urn), urn, properties, mend: commands.join(" && ") }];
}

/** Aliases by network; undefined of a container that has none of its own. */
function wantedNetworks(setting: unknown): Map<string, string[]> | undefined {
  if (!Array.isArray(setting)) return undefined;
  return new Map(
    setting.map(objectOf).flatMap(({ name, aliases }) => {
      const list = Array.isArray(aliases) ? (aliases as unknown[]) : [];
      return typeof name === "string" ? [[name, list.map(String).sort()]] : [];
    }),
  );
}

function stranger(what: string, name: string, mend: string): Finding {
  return {
    kind: "unrecorded",
    resource: `docker ${what} ${name}`,
    says: "it carries the labels of this stack, and the state does not know it: of another checkout, or left behind",
    properties: [],
    mend,
  };
}

/** As a person has to type it to reach the same Docker. */
function commandOf({ host }: Docker): string {
  return host === undefined ? "docker" : `docker --host ${host}`;
}

async function inspected(docker: Docker, ids: readonly string[]): Promise<SeenContainer[]> {
  if (ids.length === 0) return [];
  // One that has gone since it was listed makes the whole command fail: the engine tells of that one.
  const texts = await Promise.all(ids.map((id) => docker.try(["inspect", "--type", "container", id])));
  return texts.flatMap((text) => (text === undefined ? [] : (JSON.parse(text) as SeenContainer[])));
}
