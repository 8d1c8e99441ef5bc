/** What the host of the code answers when it refuses, as a sentence that says what is missing. */
import { type CliError, failed, messageOf } from "../errors.ts";

interface Refusal {
  readonly status: number;
  readonly response?: { readonly headers?: Readonly<Record<string, unknown>>; readonly data?: unknown };
}

/** @param doing what was tried; @param permission what it needs, as a workflow names it */
export function explained(error: unknown, doing: string, permission: string): CliError {
  if (!isRefusal(error)) return failed(`cannot ${doing}: ${messageOf(error)}`, error);
  const { status, response } = error;
  const said = sentenceOf(response?.data) ?? messageOf(error);
  const tell = (reason: string) => failed(`cannot ${doing}: ${reason}`, error);
  if (isLimit(error, said))
    return tell(`the host takes no more requests for now (${said}); run it again later`);
  if (status === 401) return tell(`the host does not accept GITHUB_TOKEN (${said}); needs one that is valid`);
  if (status === 403)
    return tell(
      `the host refuses (${said}); GITHUB_TOKEN needs the permission \`${permission}\` ` +
        "(`permissions:` of the job; a run of a fork's pull request never has it: docs/reports.md)",
    );
  if (status === 404)
    return tell(
      `it is not there, or not for this token (${said}); ` +
        `GITHUB_TOKEN needs the permission \`${permission}\`, and GITHUB_REPOSITORY and the number have to be right`,
    );
  // What never got an answer is a 500 to Octokit.
  if (response === undefined) return tell(`the host does not answer (${said})`);
  return tell(`the host answers ${status} (${said})`);
}

/** Whether a thing is not there (any more). */
export function isGone(error: unknown): boolean {
  return isRefusal(error) && (error.status === 404 || error.status === 410);
}

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && "status" in error && typeof error.status === "number";
}

function isLimit({ status, response }: Refusal, said: string): boolean {
  if (status !== 403 && status !== 429) return false;
  return status === 429 || response?.headers?.["x-ratelimit-remaining"] === "0" || /rate limit/i.test(said);
}

/** `message` of an answer, with its `errors`. */
function sentenceOf(data: unknown): string | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { message, errors } = data as { message?: unknown; errors?: unknown };
  if (typeof message !== "string") return undefined;
  const more = Array.isArray(errors)
    ? (errors as { message?: unknown; field?: unknown }[]).map((one) => one.message ?? one.field)
    : [];
  return [message, ...more.filter((one) => typeof one === "string")].join(": ");
}
