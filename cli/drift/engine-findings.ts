/** What the engine has seen of the resources of a stack, as findings. */
import { resourceName } from "../events.ts";
import { holdsData } from "../holds-data.ts";
import type { Finding, KnownNoise, PropertyDrift } from "./finding.ts";
import { NOTHING_TO_CHANGE, noiseOf } from "./noise.ts";
import type { SeenResource } from "./steps.ts";

export interface Found {
  readonly findings: readonly Finding[];
  readonly noise: readonly KnownNoise[];
}

/** @param stack for the commands that mend it */
export function engineFindings(resources: readonly SeenResource[], stack: string): Found {
  const all = resources.map((one) => findingsOf(one, stack));
  return {
    findings: all.flatMap(({ findings }) => findings),
    noise: all.flatMap(({ noise }) => noise),
  };
}

function findingsOf(seen: SeenResource, stack: string): Found {
  const { urn, plan } = seen;
  const resource = resourceName(urn);
  const drift = withoutNoise(seen, seen.drift);
  const planned = withoutNoise(seen, seen.planned);
  const noise = [...drift.noise, ...planned.noise];
  if (seen.missing) {
    return {
      findings: [{ kind: "missing", resource, urn, properties: [], ...mendMissing(seen, stack) }],
      noise,
    };
  }
  // What the update would do about the drift is said with the drift.
  const places = new Set(seen.drift.map(({ path }) => path));
  const more = planned.left.filter(({ path }) => !places.has(path));
  const findings: Finding[] = [];
  if (drift.left.length > 0) {
    const mend = plan ? up(stack) : `npx pulumi refresh --stack ${stack}`;
    const says = plan ? {} : { says: "no update would undo it: the program leaves it alone" };
    findings.push({ kind: "changed", resource, urn, ...says, properties: drift.left, mend });
  }
  const whole = plan !== undefined && plan !== "updated" && drift.left.length === 0;
  if (more.length > 0 || whole)
    findings.push({
      kind: "pending",
      resource,
      urn,
      says: `the next update would have it ${plan ?? "updated"}`,
      properties: more,
      mend: `npx pulumi up --stack ${stack}`,
    });
  const nothing = plan === "updated" && seen.planned.length === 0 && seen.drift.length === 0;
  return { findings, noise: nothing ? [...noise, { resource, noise: NOTHING_TO_CHANGE }] : noise };
}

function withoutNoise({ urn, type }: SeenResource, properties: readonly PropertyDrift[]) {
  const resource = resourceName(urn);
  const left: PropertyDrift[] = [];
  const noise: KnownNoise[] = [];
  for (const one of properties) {
    const name = noiseOf(type, one.path);
    if (name === undefined) left.push(one);
    else noise.push({ resource, path: one.path, noise: name });
  }
  return { left, noise };
}

function up(stack: string): string {
  return `npx pulumi up --refresh --stack ${stack}`;
}

function mendMissing({ urn, type, plan }: SeenResource, stack: string): Pick<Finding, "says" | "mend"> {
  if (!plan)
    return { says: "the program no longer asks for it", mend: `npx pulumi refresh --stack ${stack}` };
  const name = urn.split("::").at(-1) ?? "";
  // A password that is made anew is no longer the database's.
  if (!holdsData(type, name)) return { mend: up(stack) };
  return {
    says: "what was in it is lost, and an update would make an empty one",
    mend: `${up(stack)}, then npx tristack restore ${stack}`,
  };
}
