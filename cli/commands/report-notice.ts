/** `tristack report notice`: a notice in Slack, of any text or of a deploy's outcome. */
import { existsSync } from "node:fs";
import { Command, Option } from "commander";
import { badInput } from "../errors.ts";
import { deployNotice, noOutcome, outcomeIn } from "../hosting/deploy-notice.ts";
import { type Variables, isWebAddress, runPage } from "../hosting/environment.ts";
import { masked } from "../hosting/masked.ts";
import { readText } from "../hosting/report-body.ts";
import { type Notice, type Status, tellSlack } from "../hosting/slack.ts";
import { jsonOption, parseStack } from "../options.ts";
import { print, printJson } from "../output.ts";
import { createProgress } from "../progress.ts";

interface Options {
  text?: string;
  status: Status;
  deploy?: string;
  stack?: string;
  version?: string;
  link?: string;
  optional?: boolean;
  json?: boolean;
}

const NOTES = `
Of the environment: SLACK_WEBHOOK, the address of an incoming webhook, which is a secret. What happens to a running stack is told by its own
alarms (\`alarm\` in its settings), not by this command.
--deploy takes what \`tristack deploy --json\` printed; a file that is empty or missing means that it ended before it had an outcome.

Examples:
  tristack deploy production --version v1.4.2 --json > deploy.json
  tristack report notice --deploy deploy.json --stack production --version v1.4.2
  tristack report notice --text "The restore drill of production failed" --status failed --optional
`;

export function reportNoticeCommand(): Command {
  return new Command("notice")
    .description("post a notice in Slack")
    .option("--text <text>", "what it says; its first line is the title")
    .addOption(
      new Option("--status <status>", "with --text: how it is marked")
        .choices(["passed", "failed", "info"])
        .default("info"),
    )
    .addOption(
      new Option("--deploy <file>", "outcome of a deploy or rollback; -: read from stdin").conflicts("text"),
    )
    .addOption(new Option("--stack <stack>", "with --deploy: of which stack").argParser(parseStack))
    .option("--version <version>", "with --deploy: of which version")
    .option("--link <url>", "where more is to be read (default: the run's page in Actions)")
    .addOption(optionalOption("SLACK_WEBHOOK"))
    .addOption(jsonOption())
    .addHelpText("after", NOTES)
    .action((options: Options) => notice(options, process.env));
}

export function optionalOption(variable: string): Option {
  return new Option("--optional", `do nothing, with exit code 0, where ${variable} is not set`);
}

async function notice(options: Options, env: Variables): Promise<void> {
  const { SLACK_WEBHOOK: webhook = "" } = env;
  const link = options.link ?? runPage(env);
  const skipped = webhook === "" && options.optional;
  const problems = [
    ...wordsMissing(options),
    ...(link === undefined || isWebAddress(link) ? [] : [`--link: ${link}; needs a web address`]),
    ...(isWebAddress(webhook) || skipped
      ? []
      : [
          `SLACK_WEBHOOK: ${webhook === "" ? "missing" : "no web address"}; needs that of an incoming webhook, or --optional`,
        ]),
  ];
  if (problems.length > 0) throw badInput(...problems);
  const { title, lines, status } = words(options);
  if (skipped) return told({ sent: false, title }, "SLACK_WEBHOOK is not set: nobody is told.", options);
  const clean = (text: string) => masked(text, env);
  const message: Notice = { status, title: clean(title), lines: lines.map(clean), link };
  await createProgress().step("Telling Slack", () => tellSlack(webhook, message));
  told({ sent: true, title: message.title }, `Told: ${message.title}`, options);
}

function told(result: object, sentence: string, { json }: Options): void {
  if (json) printJson(result);
  else print(sentence);
}

function wordsMissing({ text, deploy, stack, version }: Options): string[] {
  if (deploy === undefined)
    return text?.trim() ? [] : ["--text: missing; needs what is to be told, or --deploy and an outcome"];
  return [
    ...(stack === undefined ? ["--stack: missing; --deploy needs the stack's name"] : []),
    ...(version === undefined
      ? ["--version: missing; --deploy needs the version that was to be released"]
      : []),
  ];
}

function words({ text = "", status, deploy, stack = "", version = "" }: Options): Omit<Notice, "link"> {
  if (deploy === undefined) {
    const [title = "", ...lines] = text.trim().split("\n");
    return { status, title, lines: lines.filter((line) => line.trim() !== "") };
  }
  const there = deploy === "-" || existsSync(deploy);
  const outcome = there ? outcomeIn(readText("--deploy", deploy), deploy) : undefined;
  return outcome ? deployNotice(outcome) : noOutcome(stack, version);
}
