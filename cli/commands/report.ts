/** `tristack report`: what a pipeline tells people: at the code's host, in Slack, at Sentry. */
import { Command } from "commander";
import { reportCommentCommand } from "./report-comment.ts";
import { reportIssueCommand } from "./report-issue.ts";
import { reportNoticeCommand } from "./report-notice.ts";
import { reportSentryCommand } from "./report-sentry.ts";

const NOTES = `
All of them print what was done as JSON with --json. Secrets of the environment are masked in whatever is sent (docs/reports.md).

Examples:
  tristack report comment --key staging --file plan.md
  tristack report issue --key drift --title "Drift in production" --file drift.md
  tristack report notice --stack production --version v1.4.2 --deploy deploy.json
  tristack report sentry --version v1.4.2 --environment production
`;

export function reportCommand(): Command {
  return new Command("report")
    .description(
      "tell people: one comment on a pull request, one issue, a notice in Slack, a release at Sentry",
    )
    .helpCommand(false)
    .addCommand(reportCommentCommand())
    .addCommand(reportIssueCommand())
    .addCommand(reportNoticeCommand())
    .addCommand(reportSentryCommand())
    .addHelpText("after", NOTES);
}
