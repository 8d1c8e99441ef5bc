/** A plan for programs. Secrets are masked in what goes in already. */
import type { PlannedChange, ResourceChange } from "./difference.ts";
import type { OtherCommit } from "./other-commit.ts";
import { propertyText } from "./properties.ts";
import type { ComparedPlan } from "./stack-plan.ts";

export function planJson(plans: readonly ComparedPlan[], other: OtherCommit | undefined) {
  return {
    against: other ? { ref: other.ref, commit: other.commit } : null,
    stacks: plans.map(({ stack, target, standIn, cost, resources, comparison }) => ({
      stack,
      target,
      standInRelease: standIn,
      cost,
      resources,
      comparison: comparison ? comparisonJson(comparison) : null,
    })),
  };
}

function comparisonJson(comparison: NonNullable<ComparedPlan["comparison"]>) {
  if ("problem" in comparison) return comparison;
  const { difference, costBefore, notes } = comparison;
  return { unchanged: difference.unchanged, changes: difference.changes.map(changeJson), costBefore, notes };
}

function changeJson({ kind, resource, losesData, properties }: ResourceChange) {
  const { urn, type, name } = resource;
  return { kind, urn, type, name, losesData, properties: properties.map(propertyJson) };
}

/** What was not there, or is not there any more, is left out. */
function propertyJson({ path, before, after, replaces }: PlannedChange) {
  return { path: propertyText(path), before, after, replaces };
}
