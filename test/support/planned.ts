/** Resources of a plan, to test with. */
import { difference } from "../../cli/plan/difference.ts";
import { type PlannedResource, plannedResources } from "../../cli/plan/resource.ts";
import type { ComparedPlan, Cost } from "../../cli/plan/stack-plan.ts";
import type { Registered } from "../../cli/render/recorder.ts";

/** A resource as a program registers it; a secret is `{ secret: value }`, as in a recorded one. */
export function registered(
  type: string,
  name: string,
  inputs: Registered["inputs"] = {},
  more: Partial<Registered> = {},
): Registered {
  return {
    type,
    name,
    parent: "",
    parentType: "",
    custom: true,
    inputs,
    secret: false,
    secretPaths: Object.entries(inputs).flatMap(([key, value]) => (isSecret(value) ? [[key]] : [])),
    protect: false,
    deleteBeforeReplace: false,
    ignoreChanges: [],
    replaceOnChanges: [],
    dependencies: [],
    waitsFor: [],
    hooks: false,
    ...more,
  };
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).join() === "secret";
}

export const planned = (...all: Registered[]): PlannedResource[] => plannedResources("tristack", "test", all);

export const COST: Cost = { monthlyUsd: null, unpriced: [] };

/** A stack's plan, compared with what it was. */
export function comparedPlan(stack: string, before: Registered[], after: Registered[]): ComparedPlan {
  return {
    stack,
    target: "vps",
    resources: planned(...after),
    cost: COST,
    standIn: false,
    cluster: undefined,
    comparison: {
      difference: difference(planned(...before), planned(...after)),
      costBefore: COST,
      notes: [],
    },
  };
}
