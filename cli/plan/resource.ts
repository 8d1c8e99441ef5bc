/** Resources of a plan, each known by what Pulumi would know it by. */
import type { Registered } from "../render/recorder.ts";
import { type Inputs, maskedInputs } from "./secret.ts";

export interface PlannedResource {
  /** As Pulumi's own: types of all that it is in, its own type and its name. */
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** URN of the component that it is in. */
  readonly parent?: string;
  /** Whether a provider makes it; components only group others. */
  readonly custom: boolean;
  /** Secrets are masked. */
  readonly inputs: Inputs;
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
}

/** Of Pulumi itself: the stack, and references to others, which are read and not made. */
const OF_THE_ENGINE = /^pulumi:pulumi:/;

/** In an order that does not depend on which was registered first. */
export function plannedResources(
  project: string,
  stack: string,
  all: readonly Registered[],
): PlannedResource[] {
  const known = new Map(all.map((one) => [keyOf(one.type, one.name), one]));
  const typesOf = ({ type, parentType, parent }: Registered): string => {
    const outer = known.get(keyOf(parentType, parent));
    return outer && !OF_THE_ENGINE.test(outer.type) ? `${typesOf(outer)}$${type}` : type;
  };
  const urnOf = (one: Registered) => `urn:pulumi:${stack}::${project}::${typesOf(one)}::${one.name}`;
  const planned = all
    .filter(({ type }) => !OF_THE_ENGINE.test(type))
    .map((one): PlannedResource => {
      const { type, name, custom, protect, ignoreChanges, replaceOnChanges } = one;
      const outer = known.get(keyOf(one.parentType, one.parent));
      return {
        urn: urnOf(one),
        type,
        name,
        ...(outer && !OF_THE_ENGINE.test(outer.type) ? { parent: urnOf(outer) } : {}),
        custom,
        protect,
        ignoreChanges,
        replaceOnChanges,
        inputs: maskedInputs(one),
      };
    });
  return planned.sort((a, b) => (a.urn < b.urn ? -1 : 1));
}

function keyOf(type: string, name: string): string {
  return `${type}::${name}`;
}
