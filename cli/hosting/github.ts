/** GitHub's API: pages read to their end, failures tried again, refusals told in a sentence. */
import { Octokit } from "@octokit/core";
import { type PaginateInterface, paginateRest } from "@octokit/plugin-paginate-rest";
import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import type { Author } from "./authors.ts";
import type { Hosting } from "./environment.ts";
import { explained } from "./refusals.ts";

/** Tries after the first, of what failed at the host's side, after 1, 4 and 9 s. */
const RETRIES = 3;
/** How often, and how long, a limit of requests is waited for, in seconds. */
const LIMIT_TRIES = 2;
const LIMIT_SECONDS = 90;
const REQUEST_SECONDS = 30;
/** Of a listing; the most that GitHub gives. */
const PER_PAGE = 100;

/** The part of Octokit that is used here, its requests typed by their route. */
export interface Client {
  readonly request: Octokit["request"];
  readonly paginate: PaginateInterface;
}

export interface GitHub extends Pick<Hosting, "owner" | "repo"> {
  /**
   * Calls the API.
   * @param doing what is tried, such as `comment on acme/shop#7`
   * @param permission that a token needs for it, as a workflow names it
   * @throws CliError, exit code 1, with what is missing
   */
  readonly call: <T>(
    doing: string,
    permission: Permission,
    work: (client: Client) => Promise<T>,
  ) => Promise<T>;
  /** Whom the token speaks for; undefined where that cannot be known. */
  readonly viewer: () => Promise<Author | undefined>;
}

export type Permission = "pull-requests: read" | "pull-requests: write" | "issues: write";

/** How fast it goes; tests have no time. */
export interface Pace {
  /** Length of a second while waiting for the next try, in milliseconds. @default 1000 */
  readonly second?: number;
  /** Whether a second passes between two changes, as GitHub asks for, and its limits are waited for. @default true */
  readonly throttled?: boolean;
}

export function gitHub(
  { apiUrl, owner, repo, token }: Hosting,
  { second = 1000, throttled = true }: Pace = {},
): GitHub {
  const common = {
    auth: token,
    baseUrl: apiUrl,
    userAgent: "tristack",
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    request: { fetch: fetchInTime },
    retry: { retries: RETRIES, retryAfterBaseValue: second },
  };
  const octokit = new (Octokit.plugin(paginateRest, retry, throttling))({
    ...common,
    throttle: {
      enabled: throttled,
      id: apiUrl,
      retryAfterBaseValue: second,
      onRateLimit: waitsFor,
      onSecondaryRateLimit: waitsFor,
    },
  });
  const call: GitHub["call"] = async (doing, permission, work) => {
    try {
      return await work(octokit);
    } catch (error) {
      throw explained(error, doing, permission);
    }
  };
  // Writing is slowed down, as GitHub asks for, and a question to GraphQL would count as such.
  const asking = new (Octokit.plugin(retry))(common);
  let viewer: Promise<Author | undefined> | undefined;
  return { owner, repo, call, viewer: () => (viewer ??= viewerOf(asking)) };
}

/** As many of a page as there can be. */
export const PAGE = { per_page: PER_PAGE } as const;

function waitsFor(seconds: number, _options: object, _octokit: unknown, tries: number): boolean {
  return tries < LIMIT_TRIES && seconds <= LIMIT_SECONDS;
}

/** A request that is never answered must not hold a pipeline for hours. */
function fetchInTime(url: string, options: RequestInit): Promise<Response> {
  return fetch(url, { ...options, signal: AbortSignal.timeout(REQUEST_SECONDS * 1000) });
}

/** The token of a workflow may not ask `GET /user`, while GraphQL tells every token who it is. */
async function viewerOf(octokit: Octokit): Promise<Author | undefined> {
  const query = "query { viewer { login databaseId } }";
  try {
    const { viewer } = await octokit.graphql<{ viewer: { login: string; databaseId: number } }>(query);
    return { login: viewer.login, id: viewer.databaseId };
  } catch {
    // A host without GraphQL.
    const { data } = await octokit.request("GET /user").catch(() => ({ data: undefined }));
    return data && { login: data.login, id: data.id };
  }
}

function nothing(): void {
  // What went wrong is told once, in the end.
}
