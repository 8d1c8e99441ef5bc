/** A notice in Slack, by an incoming webhook; Mattermost and others take the same. */
import { failed } from "../errors.ts";
import { post } from "./post.ts";

export type Status = "passed" | "failed" | "info";

export interface Notice {
  readonly status: Status;
  /** One line. */
  readonly title: string;
  readonly lines: readonly string[];
  /** Where more is to be read. */
  readonly link?: string;
}

const SIGNS: Readonly<Record<Status, string>> = {
  passed: ":white_check_mark:",
  failed: ":x:",
  info: ":information_source:",
};
/** Slack's own limits, of a header and of a section: a longer text is refused. */
const HEADER = 150;
const SECTION = 3000;

/**
 * A message of Block Kit, with the same as a text for notifications and for what knows no blocks. `<`, `>` and `&` of what is told are
 * escaped: they would make links and mentions, such as `<!channel>`.
 */
export function slackMessage({ status, title, lines, link }: Notice) {
  const sign = SIGNS[status];
  const words = lines.join("\n");
  const more = link === undefined ? [] : [`<${escaped(link, SECTION)}|More>`];
  return {
    text: [
      `${sign} ${escaped(title, HEADER)}`,
      ...(words === "" ? [] : [escaped(words, SECTION)]),
      ...more,
    ].join("\n"),
    blocks: [
      {
        type: "header",
        text: {
          type: "plain_text",
          text: `${sign} ${shortened(title, HEADER - sign.length - 1)}`,
          emoji: true,
        },
      },
      ...(words === "" ? [] : [section(escaped(words, SECTION))]),
      ...more.map(section),
    ],
  };
}

/** @throws CliError, exit code 1, with Slack's reason. The address is a secret, and is not told. */
export async function tellSlack(webhook: string, notice: Notice, second?: number): Promise<void> {
  const { status, text } = await post({ service: "Slack", url: webhook, body: slackMessage(notice) }, second);
  if (status < 200 || status > 299)
    throw failed(
      `Slack refuses the notice (${status} ${text.slice(0, 100).trim()}); needs a webhook in SLACK_WEBHOOK that is in use`,
    );
}

function section(text: string) {
  return { type: "section", text: { type: "mrkdwn", text } };
}

/** At most so many characters once it is escaped. */
function escaped(text: string, limit: number): string {
  let result = "";
  for (const char of text) {
    const next = ENTITIES[char] ?? char;
    if (result.length + next.length > limit - 1) return `${result}…`;
    result += next;
  }
  return result;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function shortened(text: string, limit: number): string {
  const all = [...text];
  return all.length <= limit ? text : `${all.slice(0, limit - 1).join("")}…`;
}
