/** `tristack report comment`: one comment of a key on a pull request, changed in place. */
import { Command, InvalidArgumentError, Option } from "commander";
import { type Subject, type Variables, hostingOf, subjectOf } from "../hosting/environment.ts";
import { marker, parseKey } from "../hosting/marker.ts";
import type { CommentReport } from "../hosting/one-comment.ts";
import { readReport, reportBody } from "../hosting/report-body.ts";
import { jsonOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { createProgress } from "../progress.ts";

interface Options {
  key: string;
  file?: string;
  pullRequest?: number;
  remove?: boolean;
  json?: boolean;
}

const NOTES = `
Of the environment: GITHUB_TOKEN (with the permission \`pull-requests: write\`), GITHUB_REPOSITORY, and for the number of the pull request
GITHUB_EVENT_PATH, as Actions sets them; GITHUB_API_URL for a server of one's own. A body is 64,000 characters at most: what is longer is
cut, and all of it is in the run's summary (GITHUB_STEP_SUMMARY). Nothing is written where nothing has changed.

Examples:
  tristack plan staging --against origin/main --markdown | tristack report comment --key staging --file -
  tristack report comment --key environment --file environment.md --pull-request 42
  tristack report comment --key environment --remove
`;

export function reportCommentCommand(): Command {
  return new Command("comment")
    .description("make or change the one comment of a key on a pull request")
    .addOption(keyOption("comment").makeOptionMandatory())
    .option("--file <markdown>", "what it is to say; -: read from stdin")
    .addOption(
      new Option("--pull-request <number>", "its number (default: that of the run)").argParser(pullRequest),
    )
    .addOption(new Option("--remove", "remove it").conflicts("file"))
    .addOption(jsonOption())
    .addHelpText("after", NOTES)
    .action((options: Options) => comment(options, process.env));
}

/** The key of a report, such as a stack's name. */
export function keyOption(what: string): Option {
  return new Option("--key <key>", `tells this ${what} from others, such as a stack's name`).argParser(
    parseKey,
  );
}

async function comment(
  { key, file, pullRequest: given, remove, json }: Options,
  env: Variables,
): Promise<void> {
  const subject = given === undefined ? subjectOf(env) : { pullRequest: given };
  const hosting = hostingOf(env, [
    ...(file === undefined && !remove ? ["--file: missing; needs a file of Markdown, or - for stdin"] : []),
    ...(typeof subject === "string" ? [subject] : []),
  ]);
  const raw = file === undefined ? undefined : readReport(file);
  const progress = createProgress();
  // Loaded here, so that no other command waits for it.
  const { gitHub } = await import("../hosting/github.ts");
  const { noComment, oneComment } = await import("../hosting/one-comment.ts");
  const { pullRequestOf } = await import("../hosting/pull-request.ts");
  const github = gitHub(hosting);
  const report = await progress.step("Commenting", async () => {
    const number = await pullRequestOf(github, subject as Subject);
    if (number === undefined) return undefined;
    if (raw === undefined) return { ...(await noComment(github, number, key)), left: 0 };
    const { text, left } = reportBody(raw, env, marker("comment", key).length + 1);
    return { ...(await oneComment(github, number, key, text)), left };
  });
  if (json)
    return printJson(report ?? { pullRequest: null, action: "none", url: null, duplicates: 0, left: 0 });
  print(report ? sentence(report, key) : "No open pull request has the run's commit: nothing to comment on.");
}

function sentence(
  { action, url, pullRequest, duplicates, left }: CommentReport & { left: number },
  key: string,
): string {
  const more = [
    ...(left > 0 ? [`${left} lines left out`] : []),
    ...(duplicates > 0 ? [`${duplicates} further removed`] : []),
  ];
  const done = action === "none" ? "there was none" : action;
  return `Comment ${key} on #${pullRequest}: ${[done, ...more].join(", ")}${url === null ? "" : ` (${url})`}`;
}

function pullRequest(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new InvalidArgumentError("needs the number of a pull request");
}
