/** The plans of stacks, and what comes of comparing them with another commit. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { CliError, badInput, messageOf } from "../errors.ts";
import { type Project, readProject, readStackFile, stackPath } from "../project.ts";
import { sideBySide } from "../side-by-side.ts";
import { type Difference, difference } from "./difference.ts";
import type { OtherCommit } from "./other-commit.ts";
import { type PlannedResource, plannedResources } from "./resource.ts";
import { seenStack } from "./seen-stack.ts";

/** Estimated, in USD. */
export interface Cost {
  /** Null: nothing of it has a price list. */
  readonly monthlyUsd: number | null;
  /** What the estimate leaves out. */
  readonly unpriced: readonly string[];
}

export interface StackPlan {
  readonly stack: string;
  readonly target: string;
  readonly resources: readonly PlannedResource[];
  readonly cost: Cost;
  /** Whether a made-up version stands for its release. */
  readonly standIn: boolean;
  /** How a stack's cluster is reached, which is in no resource. */
  readonly cluster: unknown;
}

/** What an update from the other commit would do, or why nobody can say. */
export type Comparison =
  | { readonly difference: Difference; readonly costBefore: Cost | null; readonly notes: readonly string[] }
  | { readonly problem: string };

export interface ComparedPlan extends StackPlan {
  readonly comparison?: Comparison;
}

/**
 * @param own checkout whose program is run
 * @param folder of the settings
 * @throws CliError, exit code 2, with all that is wrong with any of the settings.
 */
export async function plansOf(own: Project, folder: string, names: readonly string[]): Promise<StackPlan[]> {
  const results = await sideBySide(names, (name) => planOf(own, folder, name));
  const refused = results.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
  const unexpected = refused.find((error) => !(error instanceof CliError));
  if (unexpected) throw unexpected;
  if (refused.length > 0) throw badInput(...refused.map(messageOf));
  return results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

async function planOf({ name, root }: Project, folder: string, stack: string): Promise<StackPlan> {
  const file = readStackFile({ name, root: folder }, stack);
  if (!file) throw badInput(`There is no settings file of a stack ${stack} in ${folder}`);
  const { resources, estimate, target, standIn } = await seenStack(
    { project: name, root, folder },
    stack,
    file,
  );
  return {
    stack,
    target,
    standIn,
    resources: plannedResources(name, stack, resources),
    cost: { monthlyUsd: estimate.monthlyUsd, unpriced: estimate.unpriced },
    cluster: file.config.cluster,
  };
}

/**
 * The plans beside those of another commit, made by that commit's own program.
 * @param own checkout that the plans are of
 * @param folder of the settings, within it
 */
export async function compared(
  plans: readonly StackPlan[],
  own: Project,
  folder: string,
  other: OtherCommit,
): Promise<ComparedPlan[]> {
  const missing = ["Pulumi.yaml", "index.ts"].find((name) => !existsSync(join(other.root, name)));
  if (missing !== undefined)
    return plans.map((plan) => ({
      ...plan,
      comparison: { problem: `it has no ${missing}, and so no program` },
    }));
  const project = readProject(other.root);
  const otherFolder = join(other.root, relative(own.root, folder));
  const results = await sideBySide(plans, async (plan): Promise<Comparison> => {
    if (!existsSync(stackPath({ ...project, root: otherFolder }, plan.stack)))
      return { difference: difference([], plan.resources), costBefore: null, notes: [NEW] };
    const before = await planOf(project, otherFolder, plan.stack);
    return {
      difference: difference(before.resources, plan.resources),
      costBefore: before.cost,
      notes: isDeepStrictEqual(before.cluster, plan.cluster) ? [] : [OTHER_CLUSTER],
    };
  });
  return plans.map((plan, index) => ({ ...plan, comparison: comparisonOf(results[index]) }));
}

const NEW = "The stack is new: all of it would be created.";
const OTHER_CLUSTER =
  "`cluster` is another one in the settings. Where that is another cluster, all of this is made anew there, without its data.";

function comparisonOf(result: PromiseSettledResult<Comparison> | undefined): Comparison {
  if (result?.status === "fulfilled") return result.value;
  // Of a program that is not this one's, any error may come.
  return { problem: messageOf(result?.reason).slice(0, PROBLEM_LENGTH) };
}

const PROBLEM_LENGTH = 600;
