/** `tristack plan`: what stacks consist of, and what another commit would change in them, without credentials or state. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Argument, Command, Option } from "commander";
import { badInput, failed } from "../errors.ts";
import { jsonOption, parseStack } from "../options.ts";
import { print, printJson } from "../output.ts";
import { ignoredFiles, type OtherCommit, withCommit } from "../plan/other-commit.ts";
import { planJson } from "../plan/plan-json.ts";
import { code, planMarkdown } from "../plan/plan-markdown.ts";
import { planText } from "../plan/plan-text.ts";
import { STAND_IN } from "../plan/seen-stack.ts";
import { type ComparedPlan, compared, plansOf } from "../plan/stack-plan.ts";
import { createProgress } from "../progress.ts";
import { readProject, stackNamesIn } from "../project.ts";

interface Options {
  against?: string;
  settings?: string;
  json?: boolean;
  markdown?: boolean;
}

const NOTES = `
The program runs here, without credentials, state, plugins, network or Pulumi's CLI; secrets are masked. What it shows is what the
program asks for: what a provider computes, and what somebody changed by hand, only \`pulumi preview\` knows.
--against runs the other commit's own program on its own settings, with the libraries that are installed here. A change that makes
a resource anew is told by a table that the pinned providers' plugins were asked for (docs/plan.md).

Examples:
  tristack plan
  tristack plan production --json | jq '.stacks[].resources[].urn'
  tristack plan --against origin/main
  tristack plan --against origin/main --markdown > comment.md
`;

export function planCommand(): Command {
  return new Command("plan")
    .description("show all resources of stacks, or what differs from another commit, without credentials")
    .addArgument(
      new Argument("[stacks...]", "stacks (default: all that have settings)").argParser(
        (value, previous: string[] | undefined) => [...(previous ?? []), parseStack(value)],
      ),
    )
    .option("--against <ref>", "commit, branch or tag to compare with, such as origin/main")
    .option("--settings <folder>", "where Pulumi.<stack>.yaml is (default: this project)")
    .addOption(new Option("--markdown", "print it for a comment on a pull request").conflicts("json"))
    .addOption(jsonOption())
    .addHelpText("after", NOTES)
    .action(plan);
}

async function plan(named: string[], options: Options): Promise<void> {
  const project = readProject();
  const folder = resolve(options.settings ?? project.root);
  const names = await namesOf(folder, named, options);
  const progress = createProgress();
  const run = () => progress.step("Running the program", () => plansOf(project, folder, names));
  if (options.against === undefined) return show(await run(), undefined, options);
  requireWithin(project.root, folder);
  await withCommit(project.root, options.against, async (other) => {
    const plans = await run();
    const all = await progress.step(`Running that of ${other.ref}`, () =>
      compared(plans, project, folder, other),
    );
    show(all, other, options);
  });
}

/** Of a comparison, those that git has nothing of are no part, unless they are named. */
async function namesOf(folder: string, named: readonly string[], { against }: Options): Promise<string[]> {
  if (named.length > 0) return [...new Set(named)];
  if (!existsSync(folder)) throw badInput(`--settings: ${folder} is not there; needs a folder`);
  const all = stackNamesIn(folder);
  const ignored = against === undefined ? [] : await ignoredFiles(folder, all.map(fileOf));
  const names = all.filter((name) => !ignored.includes(fileOf(name)));
  if (names.length > 0) return names;
  throw badInput(`${folder} has no settings of a stack; needs a Pulumi.<stack>.yaml`);
}

function fileOf(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

function requireWithin(root: string, folder: string): void {
  if (`${folder}/`.startsWith(`${root}/`)) return;
  throw badInput(
    `--settings: ${folder} is not in this checkout; --against needs settings that its commits have`,
  );
}

function show(plans: readonly ComparedPlan[], other: OtherCommit | undefined, options: Options): void {
  if (options.json) printJson(planJson(plans, other));
  else if (options.markdown) showMarkdown(plans, other);
  else {
    const title = other ? [`Against ${other.ref} (${other.commit}):`] : [];
    print([...title, ...plans.map(planText), ...remarksOn(plans, (name) => name)].join("\n\n"));
  }
  const problems = plans.filter(({ comparison }) => comparison && "problem" in comparison);
  if (problems.length > 0)
    throw failed(
      `not compared with ${other?.ref ?? ""}: ${problems.map(({ stack }) => stack).join(", ")} (see above)`,
    );
}

function showMarkdown(plans: readonly ComparedPlan[], other: OtherCommit | undefined): void {
  const title = other ? `## Plan, against ${code(other.ref)} (${other.commit})` : "## Plan";
  const command = ["tristack plan", ...(other ? [`--against ${other.ref}`] : [])].join(" ");
  process.stdout.write(planMarkdown(title, plans, remarksOn(plans, code), command));
}

function remarksOn(plans: readonly ComparedPlan[], quoted: (name: string) => string): string[] {
  const files = plans.filter(({ standIn }) => standIn).map(({ stack }) => quoted(fileOf(stack)));
  if (files.length === 0) return [];
  return [
    `No release is in ${files.join(", ")}: the version ${quoted(STAND_IN)} stands for the one that runs, which stays.`,
  ];
}
