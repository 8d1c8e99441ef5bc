/** A plan for the terminal: what there would be, or what would change. */
import { resourceName } from "../events.ts";
import { paint } from "../output.ts";
import type { ChangeKind, Difference, PlannedChange, ResourceChange } from "./difference.ts";
import { propertyText } from "./properties.ts";
import type { PlannedResource } from "./resource.ts";
import type { ComparedPlan, StackPlan } from "./stack-plan.ts";
import { costWords, countWords, lossWords, valueWords } from "./words.ts";

const SIGNS: Readonly<Record<ChangeKind, readonly [sign: string, style: "red" | "yellow" | "green"]>> = {
  replaced: ["±", "red"],
  deleted: ["-", "red"],
  updated: ["~", "yellow"],
  created: ["+", "green"],
};

export function planText(plan: ComparedPlan): string {
  const { comparison } = plan;
  if (!comparison) return [headOf(plan), ...treeOf(plan.resources)].join("\n");
  if ("problem" in comparison)
    return `${headOf(plan)}\n  ${paint("red", `not compared: ${comparison.problem}`)}`;
  const losses = lossWords(comparison.difference);
  return [
    `${title(plan)}: ${countWords(comparison.difference)}`,
    `  ${costWords(plan.cost, comparison.costBefore)}`,
    ...(losses.length > 0 ? [paint("red", `  Data is lost: ${losses.join(", ")}`)] : []),
    ...comparison.notes.map((note) => `  ${note}`),
    ...changesOf(comparison.difference),
  ].join("\n");
}

function title({ stack, target }: StackPlan): string {
  return `${paint("bold", stack)} (${target})`;
}

function headOf(plan: StackPlan): string {
  const { resources, cost } = plan;
  const count = resources.filter(({ custom }) => custom).length;
  const left = cost.unpriced.length > 0 ? `; not in it: ${cost.unpriced.join(", ")}` : "";
  return `${title(plan)}: ${count} resources, ${costWords(cost)}${left}`;
}

function changesOf({ changes }: Difference): string[] {
  return changes.flatMap(({ kind, resource, properties }: ResourceChange) => {
    const [sign, style] = SIGNS[kind];
    return [paint(style, `  ${sign} ${kind} ${resourceName(resource.urn)}`), ...properties.map(propertyLine)];
  });
}

function propertyLine({ path, before, after, replaces }: PlannedChange): string {
  const shown = valueWords(before, after);
  const value = [shown.before, shown.after].filter((one) => one !== undefined).join(" -> ");
  const sign = shown.before === undefined ? "+" : shown.after === undefined ? "-" : "~";
  return `      ${sign} ${propertyText(path)}: ${value}${replaces ? " (replaces)" : ""}`;
}

/** Components with what is in them. */
function treeOf(resources: readonly PlannedResource[], parent?: string, depth = 1): string[] {
  return resources
    .filter((one) => one.parent === parent)
    .flatMap((one) => [
      `${"  ".repeat(depth)}${resourceName(one.urn)}`,
      ...treeOf(resources, one.urn, depth + 1),
    ]);
}
