/** `tristack report issue`: one issue of a key, opened, kept current, closed. */
import { Command } from "commander";
import { type Variables, hostingOf } from "../hosting/environment.ts";
import { marker } from "../hosting/marker.ts";
import { masked } from "../hosting/masked.ts";
import type { IssueReport } from "../hosting/one-issue.ts";
import { readReport, reportBody } from "../hosting/report-body.ts";
import { jsonOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { createProgress } from "../progress.ts";
import { keyOption } from "./report-comment.ts";

interface Options {
  key: string;
  title?: string;
  file?: string;
  label: string[];
  close?: boolean;
  json?: boolean;
}

const CLOSING = "It is over.";
/** GitHub's own limit. */
const TITLE_LENGTH = 256;

const NOTES = `
Of the environment: GITHUB_TOKEN (with the permission \`issues: write\`), GITHUB_REPOSITORY, GITHUB_API_URL, as Actions sets them.
Where the title and the text are those that the open issue has, nothing is written, and nobody is told. Otherwise the issue is changed,
with a comment that says so; a closed one is opened again.

Examples:
  tristack report issue --key drift-production --title "Drift in production" --file drift.md --label drift
  tristack report issue --key drift-production --close
`;

export function reportIssueCommand(): Command {
  return new Command("issue")
    .description("open, change or close the one issue of a key")
    .addOption(keyOption("issue").makeOptionMandatory())
    .option("--title <title>", "its title")
    .option("--file <markdown>", "what it is to say; with --close: the closing remark; -: read from stdin")
    .option(
      "--label <label>",
      "label of a new one; may be repeated",
      (one, all: string[]) => [...all, one],
      [],
    )
    .option("--close", "close it, if it is open")
    .addOption(jsonOption())
    .addHelpText("after", NOTES)
    .action((options: Options) => issue(options, process.env));
}

async function issue({ key, title, file, label, close, json }: Options, env: Variables): Promise<void> {
  const hosting = hostingOf(env, close ? [] : missing(title, file));
  const raw = file === undefined ? undefined : readReport(file);
  const progress = createProgress();
  // Loaded here, so that no other command waits for it.
  const { gitHub } = await import("../hosting/github.ts");
  const { noIssue, oneIssue } = await import("../hosting/one-issue.ts");
  const github = gitHub(hosting);
  const { text, left } = reportBody(raw ?? CLOSING, env, marker("issue", key).length + 1);
  const words = { title: masked(title ?? "", env), text, labels: label };
  const report = await progress.step(close ? "Closing" : "Reporting", () =>
    close ? noIssue(github, key, text) : oneIssue(github, key, words),
  );
  if (json) return printJson({ ...report, left });
  print(sentence(report, key));
}

function missing(title: string | undefined, file: string | undefined): string[] {
  const long = (title?.length ?? 0) > TITLE_LENGTH;
  return [
    ...(!title?.trim() ? ["--title: missing; needs the title of the issue"] : []),
    ...(long ? [`--title: ${title?.length ?? 0} characters; needs ${TITLE_LENGTH} at most`] : []),
    ...(file === undefined ? ["--file: missing; needs a file of Markdown, or - for stdin"] : []),
  ];
}

function sentence({ number, action, url, duplicates }: IssueReport, key: string): string {
  if (number === null) return `Issue ${key}: none is open`;
  const more = duplicates > 0 ? `, ${duplicates} further closed` : "";
  return `Issue ${key}: #${number} ${action}${more} (${url ?? ""})`;
}
