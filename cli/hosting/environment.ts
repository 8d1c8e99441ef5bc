/** Where the code is hosted, and what the run is about, as Actions tells it in variables. */
import { readFileSync } from "node:fs";
import { badInput } from "../errors.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** A repository at GitHub, or at a server of one's own that answers as GitHub does. */
export interface Hosting {
  /** Without a slash at its end. @default https://api.github.com */
  readonly apiUrl: string;
  readonly owner: string;
  readonly repo: string;
  readonly token: string;
}

/** What the event of a run says of a pull request. */
export type Subject =
  | { readonly pullRequest: number }
  /** Of a run that follows another one: where the commit comes from, such as acme:topic. */
  | { readonly head: string; readonly sha: string };

const API = "https://api.github.com";
const REPOSITORY = /^([\w.-]+)\/([\w.-]+)$/;

/**
 * Reads GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL.
 * @param problems those of the other input, told together with its own
 * @throws CliError, exit code 2, with all that is wrong.
 */
export function hostingOf(env: Variables, problems: readonly string[] = []): Hosting {
  const { GITHUB_TOKEN: token = "", GITHUB_REPOSITORY: repository = "" } = env;
  const apiUrl = (env.GITHUB_API_URL || API).replace(/\/+$/, "");
  const [, owner = "", repo = ""] = REPOSITORY.exec(repository) ?? [];
  const all = [
    ...problems,
    ...(token === ""
      ? ["GITHUB_TOKEN: missing; needs a token of the repository, in a workflow github.token"]
      : []),
    ...(owner === ""
      ? [`GITHUB_REPOSITORY: ${repository || "missing"}; needs owner/name, such as acme/shop`]
      : []),
    ...(isWebAddress(apiUrl) ? [] : [`GITHUB_API_URL: ${apiUrl}; needs an address, such as ${API}`]),
  ];
  if (all.length > 0) throw badInput(...all);
  return { apiUrl, owner, repo, token };
}

/** The run's own page; undefined outside of Actions. */
export function runPage({
  GITHUB_SERVER_URL,
  GITHUB_REPOSITORY,
  GITHUB_RUN_ID,
}: Variables): string | undefined {
  if (!GITHUB_SERVER_URL || !GITHUB_REPOSITORY || !GITHUB_RUN_ID) return undefined;
  return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
}

export function isWebAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}

interface Event {
  readonly pull_request?: { readonly number?: unknown };
  readonly issue?: { readonly number?: unknown; readonly pull_request?: unknown };
  readonly workflow_run?: {
    readonly pull_requests?: readonly { readonly number?: unknown }[];
    readonly head_sha?: unknown;
    readonly head_branch?: unknown;
    readonly head_repository?: { readonly owner?: { readonly login?: unknown } };
  };
}

/** The pull request that a run is about, from the file that GITHUB_EVENT_PATH names; or what is wrong with it. */
export function subjectOf({ GITHUB_EVENT_PATH: file }: Variables): Subject | string {
  const need = "needs the number of a pull request";
  if (!file) return `--pull-request: missing, and GITHUB_EVENT_PATH is not set; ${need}`;
  const event = eventIn(file);
  if (event === undefined)
    return `--pull-request: missing, and GITHUB_EVENT_PATH: ${file} is no JSON; ${need}`;
  const { pull_request, issue, workflow_run: run } = event;
  const numbers = [
    pull_request?.number,
    issue?.pull_request === undefined ? undefined : issue.number,
    run?.pull_requests?.length === 1 ? run.pull_requests[0]?.number : undefined,
  ];
  const number = numbers.find((one) => typeof one === "number");
  if (number !== undefined) return { pullRequest: number };
  const owner = run?.head_repository?.owner?.login;
  if (typeof owner === "string" && typeof run?.head_branch === "string" && typeof run.head_sha === "string")
    return { head: `${owner}:${run.head_branch}`, sha: run.head_sha };
  return `--pull-request: missing, and the event in GITHUB_EVENT_PATH is about none; ${need}`;
}

function eventIn(file: string): Event | undefined {
  try {
    const event = JSON.parse(readFileSync(file, "utf8")) as unknown;
    return typeof event === "object" && event !== null ? event : undefined;
  } catch {
    return undefined;
  }
}
