/**
 * A stand-in of GitHub's API, of Slack's incoming webhooks and of Sentry's releases: a real HTTP server that behaves as they
 * do in what `tristack report` asks of them: pages, permissions, limits of length, and failures when a test orders them.
 *
 *   const hosting = await HostingStandIn.open();
 *   hosting.pullRequest(7);                           // there is a pull request 7
 *   run(step, { env: { ...hosting.env, GITHUB_EVENT_PATH: file } });
 *   hosting.commentsOf(7);                            // what a person would read there
 *   await hosting.close();
 *
 * For a shell: `node test/support/hosting-stand-in.ts` prints the variables, and answers GET /state until it is ended.
 */
import {
  GitHubState,
  type StoredComment,
  type StoredIssue,
  type StoredPullRequest,
} from "./hosting-state.ts";
import { answerOfGitHub } from "./hosting-routes.ts";
import { type Answer, type Asked, StandInServer } from "./stand-in-server.ts";

export interface HostingOptions {
  /** @default "acme/shop" */
  readonly repository?: string;
  /** Whom the token speaks for. @default github-actions[bot], as in a workflow */
  readonly viewer?: { readonly login: string; readonly id: number };
  /** Before every path of GitHub's API, such as /api/v3 of a server of one's own. @default none */
  readonly prefix?: string;
  /** Most entries of a page. @default 100 */
  readonly longestPage?: number;
}

/** A release as Sentry keeps it. */
export interface SentryRelease {
  readonly version: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly deploys: Readonly<Record<string, unknown>>[];
}

export class HostingStandIn {
  readonly state: GitHubState;
  /** Bodies that were posted to the webhook. */
  readonly slack: unknown[] = [];
  readonly sentry: SentryRelease[] = [];
  /** Whether Sentry is connected with the repository, so that it takes commits of it. */
  sentryKnowsRepository = false;
  readonly #prefix: string;
  #server!: StandInServer;

  private constructor({ repository = "acme/shop", viewer, prefix = "", longestPage = 100 }: HostingOptions) {
    this.state = new GitHubState(repository, viewer ?? { login: "github-actions[bot]", id: 41_898_282 });
    this.state.longestPage = longestPage;
    this.#prefix = prefix;
  }

  static async open(options: HostingOptions = {}): Promise<HostingStandIn> {
    const hosting = new HostingStandIn(options);
    hosting.#server = await StandInServer.open((asked) => hosting.#answer(asked));
    hosting.state.apiUrl = `${hosting.url}${hosting.#prefix}`;
    return hosting;
  }

  get url(): string {
    return this.#server.url;
  }

  /** As Actions sets them, and the secrets of the notices. GITHUB_EVENT_PATH is the test's. */
  get env(): Record<string, string> {
    return {
      GITHUB_API_URL: `${this.url}${this.#prefix}`,
      GITHUB_SERVER_URL: this.url,
      GITHUB_REPOSITORY: this.state.repository,
      GITHUB_TOKEN: this.state.token,
      SLACK_WEBHOOK: `${this.url}/slack/T0/B0/stand-in-of-a-webhook`,
      SENTRY_URL: this.url,
      SENTRY_ORG: "acme",
      SENTRY_PROJECT: "shop",
      SENTRY_AUTH_TOKEN: "sntrys_stand-in-of-a-token",
    };
  }

  /** Every request and the status of its answer. */
  get requests() {
    return this.#server.requests;
  }

  asked(at: RegExp) {
    return this.#server.asked(at);
  }

  /** The next `times` requests of that method and path are answered so, carried out all the same or not. */
  fail(at: RegExp, answer: Answer, times = 1, carriedOut = false): void {
    this.#server.fail(at, answer, times, carriedOut);
  }

  /** A pull request that is there. */
  pullRequest(number: number, fields: Partial<StoredPullRequest> = {}): StoredPullRequest {
    return this.state.addPullRequest(number, fields);
  }

  /** A comment of somebody's. @param by its author. @default a person */
  comment(on: number, body: string, by = { login: "somebody", id: 7 }): StoredComment {
    return this.state.addComment(on, body, by);
  }

  commentsOf(number: number): StoredComment[] {
    return this.state.comments.filter(({ issue }) => issue === number);
  }

  /** Issues that are no pull requests. */
  get issues(): StoredIssue[] {
    return this.state.issues;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #answer(asked: Asked): Answer | Promise<Answer> {
    if (asked.path === "/state") return { status: 200, body: this.#whole() };
    if (asked.path.startsWith("/slack/")) return this.#slackAnswer(asked);
    if (asked.path.startsWith("/api/0/")) return this.#sentryAnswer(asked);
    if (asked.path === `${this.#prefix.replace(/\/v3$/, "")}/graphql`)
      return answerOfGitHub(this.state, { ...asked, path: "/graphql" });
    if (!asked.path.startsWith(`${this.#prefix}/`)) return { status: 404, body: { message: "Not Found" } };
    return answerOfGitHub(this.state, { ...asked, path: asked.path.slice(this.#prefix.length) });
  }

  #whole() {
    const { comments, issues, pullRequests } = this.state;
    return { comments, issues, pullRequests, slack: this.slack, sentry: this.sentry };
  }

  #slackAnswer({ method, path, body }: Asked): Answer {
    if (path !== "/slack/T0/B0/stand-in-of-a-webhook") return { status: 404, body: "no_team" };
    if (method !== "POST" || typeof body !== "object") return { status: 400, body: "invalid_payload" };
    this.slack.push(body);
    return { status: 200, body: "ok" };
  }

  #sentryAnswer({ method, path, body, headers }: Asked): Answer {
    if (headers.authorization !== `Bearer ${this.env.SENTRY_AUTH_TOKEN ?? ""}`)
      return { status: 401, body: { detail: "Invalid token" } };
    const [, version, deploys] =
      /^\/api\/0\/organizations\/acme\/releases\/(?:([^/]+)\/(deploys)\/)?$/.exec(path) ?? [];
    const fields = (body ?? {}) as Record<string, unknown>;
    if (method !== "POST") return { status: 404, body: { detail: "The requested resource does not exist" } };
    if (deploys !== undefined) {
      const release = this.sentry.find((one) => one.version === version);
      if (!release) return { status: 404, body: { detail: "The requested resource does not exist" } };
      release.deploys.push(fields);
      return { status: 201, body: { id: "1", ...fields } };
    }
    if (!path.endsWith("/acme/releases/"))
      return { status: 404, body: { detail: "The requested resource does not exist" } };
    if (!(fields.projects as string[] | undefined)?.includes("shop"))
      return { status: 400, body: { projects: ["Invalid project ids or slugs"] } };
    if (fields.refs !== undefined && !this.sentryKnowsRepository)
      return { status: 400, body: { refs: ["Invalid repository names: acme/shop"] } };
    const there = this.sentry.find((one) => one.version === fields.version);
    if (there) return { status: 208, body: there.fields };
    this.sentry.push({ version: String(fields.version), fields, deploys: [] });
    return { status: 201, body: fields };
  }
}

if (import.meta.main) {
  const hosting = await HostingStandIn.open();
  hosting.pullRequest(Number(process.argv[2] ?? 1));
  for (const [name, value] of Object.entries(hosting.env))
    process.stdout.write(`export ${name}='${value}'\n`);
}
