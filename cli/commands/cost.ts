/** `tristack cost`: what a stack is estimated to cost a month, resource by resource. */
import { Command } from "commander";
import type { Estimate } from "../../components/shared/cost.ts";
import { badInput } from "../errors.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { print, printJson, table } from "../output.ts";
import { seenStack } from "../plan/seen-stack.ts";
import { createProgress } from "../progress.ts";
import { type Project, readProject, readStackFile } from "../project.ts";

const NOTES = `
Nothing is asked of AWS, and no credentials are needed: the prices of us-east-1 stand in components/shared/pricing.ts, each with
its source and date. What is paid for by use is counted where the settings say how much is expected, and named otherwise.

Examples:
  tristack cost production
  tristack cost cluster --json | jq .monthlyUsd
`;

export function costCommand(): Command {
  return new Command("cost")
    .description("estimate what a stack costs a month, resource by resource")
    .addArgument(stackArgument())
    .addOption(jsonOption())
    .addHelpText("after", NOTES)
    .action(cost);
}

async function cost(stack: string, options: { json?: boolean }): Promise<void> {
  const estimated = await createProgress().step("Running the program", () => costOf(readProject(), stack));
  if (options.json) return printJson({ stack, currency: "USD", ...estimated });
  print(report(estimated));
}

/** The estimate of a stack, from its settings alone. */
export async function costOf(project: Project, stack: string): Promise<Estimate> {
  const file = readStackFile(project, stack);
  if (!file) throw badInput(`There is no settings file of a stack ${stack}`);
  const { estimate } = await seenStack({ project: project.name, folder: project.root }, stack, file);
  return estimate;
}

function report({ lines, monthlyUsd, unpriced }: Estimate): string {
  const rows = lines.map(({ resource, what, monthlyUsd: usd, source }) => [
    resource,
    what,
    usd.toFixed(2),
    source,
  ]);
  const total =
    monthlyUsd === null
      ? "Nothing of it has a price of its own: it costs what its host or cluster does."
      : `${monthlyUsd.toFixed(2)} USD a month, as of the dates of these prices.`;
  return [
    ...(rows.length > 0 ? [table(rows), ""] : []),
    total,
    ...(unpriced.length > 0 ? [`Not in it: ${unpriced.join(", ")}`] : []),
  ].join("\n");
}
