/**
 * What a refresh cannot see of a stack on a cluster: the provider cuts what it reads down to the places that the program
 * fills. An entry that somebody adds to a list (a variable, a second container, a rule of a policy) or to a ConfigMap is
 * not there for it, and no update takes it out.
 */
import type { KubernetesSettings } from "../../components/settings.ts";
import type { StackContext } from "../deploy-context.ts";
import { resourceName } from "../events.ts";
import { clusterOf, orIfMissing } from "../kubernetes/client.ts";
import type { Deployment, StateResource } from "../recovery.ts";
import { allSideBySide } from "../side-by-side.ts";
import { objectOf } from "../stack-settings.ts";
import type { Finding, PropertyDrift } from "./finding.ts";
import { noiseOf } from "./noise.ts";
import { maskedAt } from "./values.ts";

/** Objects that are read at the same time. */
const AT_ONCE = 8;
/** Maps whose every entry is the program's, and of which entries: nobody else writes there by rights. */
const WHOLE: Readonly<Record<string, { readonly part: string; readonly keys: RegExp }>> = {
  "kubernetes:core/v1:ConfigMap": { part: "data", keys: /./ },
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": { part: "spec", keys: /^(in|e)gress$/ },
};

export async function clusterFindings(
  { engine }: Pick<StackContext, "engine">,
  settings: KubernetesSettings,
  { resources = [] }: Deployment,
): Promise<Finding[]> {
  const { objects } = await clusterOf(engine, settings);
  const own = resources.filter(({ type, delete: going }) => /^kubernetes:/.test(type) && !going);
  const look = async (resource: StateResource) => {
    const named = nameOf(resource);
    // One that is gone the engine tells of.
    const live = named && (await orIfMissing(objects.read(named)));
    return live ? addedTo(resource, live) : [];
  };
  return (await allSideBySide(own, look, AT_ONCE)).flat();
}

/** What names an object; undefined of anything that is none. */
function nameOf({ inputs, outputs }: StateResource) {
  const { apiVersion, kind } = { ...outputs, ...inputs };
  const { name, namespace } = { ...objectOf(outputs?.metadata), ...objectOf(inputs?.metadata) };
  if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string")
    return undefined;
  return {
    apiVersion,
    kind,
    metadata: { name, ...(typeof namespace === "string" ? { namespace } : {}) },
  };
}

/** What is in an object beyond what the program has put there. */
export function addedTo({ type, urn, inputs }: StateResource, live: object): Finding[] {
  const whole = WHOLE[type];
  const added = [...beyond(inputs, live, []), ...(whole ? keysBeyond(inputs, live, whole) : [])];
  const properties = added
    .map((path): PropertyDrift => ({ path: written(path), after: maskedAt(type, live, path) }))
    .filter(({ path }) => noiseOf(type, path) === undefined);
  if (properties.length === 0) return [];
  return [
    {
      kind: "changed",
      resource: resourceName(urn),
      urn,
      says: "added by hand, where no update would take it out",
      properties,
      mend: editing(live),
    },
  ];
}

/** Of a container, what no cluster fills in. */
const GIVEN_TO_CONTAINERS = ["command", "args", "env", "envFrom", "volumeMounts"];

type Path = readonly (string | number)[];

/** Entries of lists that the program has made shorter. */
function beyond(wanted: unknown, live: unknown, path: Path): Path[] {
  if (Array.isArray(wanted) && Array.isArray(live)) {
    const inside = wanted.flatMap((one, index) => beyond(one, live[index], [...path, index]));
    const more = live.slice(wanted.length).map((_, index) => [...path, wanted.length + index]);
    return [...inside, ...more];
  }
  if (!isPlain(wanted) || !isPlain(live)) return [];
  const inside = Object.entries(wanted).flatMap(([key, one]) => beyond(one, live[key], [...path, key]));
  const isContainer = typeof path.at(-1) === "number" && /^(initC|c)ontainers$/.test(String(path.at(-2)));
  const given = isContainer ? GIVEN_TO_CONTAINERS.filter((key) => key in live && !(key in wanted)) : [];
  return [...inside, ...given.map((key) => [...path, key])];
}

function keysBeyond(wanted: unknown, live: unknown, { part, keys }: (typeof WHOLE)[string]): Path[] {
  const [own, there] = [objectOf(wanted)[part], objectOf(live)[part]];
  if (!isPlain(own) || !isPlain(there)) return [];
  return Object.keys(there).flatMap((key) => (key in own || !keys.test(key) ? [] : [[part, key]]));
}

/** Replacing would stop what runs: a person takes it out. */
function editing(live: object): string {
  const { kind, metadata } = live as { kind?: string; metadata?: { name?: string; namespace?: string } };
  const namespace = metadata?.namespace === undefined ? "" : ` --namespace ${metadata.namespace}`;
  return `kubectl edit ${String(kind).toLowerCase()} ${metadata?.name ?? ""}${namespace}`;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function written(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[\w-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}
