/** `tristack drift`: what differs between stacks and the real world. */
import { Argument, Command, Option } from "commander";
import type { Settings } from "../../components/settings.ts";
import { type StackContext, openContext, settingsWith } from "../deploy-context.ts";
import type { StackDrift } from "../drift/finding.ts";
import { CliError, badInput, failed, messageOf } from "../errors.ts";
import { jsonOption, parseStack } from "../options.ts";
import { print, printJson } from "../output.ts";
import { createProgress } from "../progress.ts";
import { readProject, stackNamesIn } from "../project.ts";
import { interruptible } from "../signals.ts";
import { isBare, requireSettings } from "../stack-settings.ts";

interface Options {
  json?: boolean;
  markdown?: boolean;
}

const NOTES = `
The real engine reads every resource (\`pulumi preview --refresh\`: no lock, no state written); what it cannot see is asked of Docker or
the cluster. A finding says what differs, old and new, and the command that mends it. Nothing is changed. While somebody updates a stack
there is nothing to find: it is named who does, and that is no failure. Kinds of findings and known noise: docs/drift.md.

Examples:
  tristack drift production
  tristack drift --json | jq '.stacks[] | select(.drifted or .error)'
  tristack drift --markdown > issue.md

Exit codes: 0 no drift, 1 drift found or a stack that could not be looked at (--json tells which), 2 bad input.
`;

export function driftCommand(): Command {
  return new Command("drift")
    .description(
      "find what was changed by hand, was left by an interrupted update, or the next update would change",
    )
    .addArgument(
      new Argument(
        "[stacks...]",
        "stacks (default: all that have settings, and a state in the backend)",
      ).argParser((value, previous: string[] | undefined) => [...(previous ?? []), parseStack(value)]),
    )
    .addOption(new Option("--markdown", "print it for an issue, 64,000 characters at most").conflicts("json"))
    .addOption(jsonOption())
    .addHelpText("after", NOTES)
    .action(drift);
}

interface Asked {
  readonly context: StackContext;
  readonly settings: Settings;
}

async function drift(named: string[], options: Options): Promise<void> {
  const progress = createProgress();
  const asked = await progress.step("Stacks and their settings", () => stacksOf(named));
  // Loaded here, so that `--help` need not wait for it.
  const { lookAt } = await import("../drift/look.ts");
  const seen: StackDrift[] = [];
  // One after the other: each engine takes a processor of its own.
  await interruptible(progress.note, async (signal) => {
    for (const { context, settings } of asked)
      seen.push(
        await progress.step(`Looking at ${context.stack}`, (say) =>
          lookAt(context, settings, { say, signal }),
        ),
      );
  });
  await show(seen, named, options);
  const wrong = [
    ["drift in", seen.filter(({ findings }) => findings.length > 0)],
    ["could not look at", seen.filter(({ error }) => error !== undefined)],
  ] as const;
  const told = wrong.flatMap(([what, all]) =>
    all.length > 0 ? [`${what} ${all.map(({ stack }) => stack).join(", ")}`] : [],
  );
  if (told.length > 0) throw failed(`${told.join("; ")} (see above)`);
}

async function show(seen: readonly StackDrift[], named: readonly string[], options: Options): Promise<void> {
  const { driftJson, driftMarkdown, driftText } = await import("../drift/words.ts");
  if (options.json) return printJson(driftJson(seen));
  if (!options.markdown) return print(seen.map(driftText).join("\n\n"));
  const command = ["tristack drift", ...named, "--json"].join(" ");
  process.stdout.write(driftMarkdown(seen, command));
}

/** Those that are named have to be there; of all others, those that are. All problems are told together. */
async function stacksOf(named: readonly string[]): Promise<Asked[]> {
  const names = named.length > 0 ? [...new Set(named)] : stackNamesIn(readProject().root);
  const asked: Asked[] = [];
  const problems: string[] = [];
  for (const stack of names) {
    try {
      const context = openContext(stack);
      if (await context.engine.exists()) asked.push({ context, settings: await settingsOf(context) });
      else if (named.length > 0) problems.push(`There is no stack ${stack} in ${context.engine.backend.url}`);
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== 2) throw error;
      problems.push(messageOf(error));
    }
  }
  if (problems.length > 0) throw badInput(...problems);
  if (asked.length > 0) return asked;
  throw badInput(
    "none of the stacks that have settings here is in the backend; needs one that is, such as after npx pulumi up",
  );
}

/** The version that runs is kept by the stack itself. */
function settingsOf(context: StackContext): Promise<Settings> {
  const { project, stack, file } = context;
  return isBare(file)
    ? requireSettings(project, stack, file)
    : settingsWith(context, { version: "any", digests: {} });
}
