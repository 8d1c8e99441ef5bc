/** One issue of a key: opened, kept current, closed, opened again. */
import { isBy } from "./authors.ts";
import { type Client, type GitHub, PAGE } from "./github.ts";
import { hasMarker, sameBody, withMarker } from "./marker.ts";

export interface IssueReport {
  readonly number: number | null;
  readonly action: "opened" | "updated" | "reopened" | "unchanged" | "closed" | "none";
  readonly url: string | null;
  /** Others of the same key that were closed. */
  readonly duplicates: number;
}

interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body?: string | null;
  readonly state: string;
  readonly html_url: string;
}

/** @param text without the marker; @param labels set when it is opened, and looked for among the closed ones */
export interface IssueWords {
  readonly title: string;
  readonly text: string;
  readonly labels: readonly string[];
}

const CHANGED = "This report has changed: see above.";
const AGAIN = "This is so again: see above.";

/** Opens, reopens or updates it. Where nothing changed, nothing is written, and nobody is told. */
export async function oneIssue(github: GitHub, key: string, words: IssueWords): Promise<IssueReport> {
  const issues = new Issues(github, key);
  const body = withMarker("issue", key, words.text);
  const { oldest, duplicates } = await issues.open();
  if (oldest) {
    const told = { number: oldest.number, url: oldest.html_url, duplicates };
    const same = oldest.title === words.title && sameBody(oldest.body, body);
    if (same) return { ...told, action: "unchanged" };
    await issues.change(oldest, { title: words.title, body });
    await issues.say(oldest, CHANGED);
    return { ...told, action: "updated" };
  }
  const closed = await issues.closed(words.labels);
  if (closed) {
    await issues.change(closed, { title: words.title, body, state: "open" });
    await issues.say(closed, AGAIN);
    return { number: closed.number, url: closed.html_url, duplicates: 0, action: "reopened" };
  }
  const opened = await issues.create({ title: words.title, body, labels: [...words.labels] });
  // Two runs at once, or a request that was tried twice: the oldest stays.
  const settled = await issues.open();
  const { number, html_url: url } = settled.oldest ?? opened;
  return { number, url, duplicates: settled.duplicates, action: "opened" };
}

/** Closes it. @param remark why */
export async function noIssue(github: GitHub, key: string, remark: string): Promise<IssueReport> {
  const issues = new Issues(github, key);
  const { oldest, duplicates } = await issues.open();
  if (!oldest) return { number: null, url: null, duplicates, action: "none" };
  await issues.say(oldest, remark);
  await issues.change(oldest, { state: "closed", state_reason: "completed" });
  return { number: oldest.number, url: oldest.html_url, duplicates, action: "closed" };
}

interface Change {
  readonly title?: string;
  readonly body?: string;
  readonly state?: "open" | "closed";
  readonly state_reason?: "completed" | "not_planned";
}

/** The issues of a key. */
class Issues {
  readonly #github: GitHub;
  readonly #key: string;
  readonly #place: { readonly owner: string; readonly repo: string };

  constructor(github: GitHub, key: string) {
    const { owner, repo } = github;
    this.#github = github;
    this.#key = key;
    this.#place = { owner, repo };
  }

  /** The open one; of several the oldest, once the others are closed. */
  async open(): Promise<{ oldest: Issue | undefined; duplicates: number }> {
    const [oldest, ...younger] = await this.#list({ state: "open" });
    for (const one of younger) {
      await this.say(one, `The same as #${oldest?.number ?? 0}.`);
      await this.change(one, { state: "closed", state_reason: "not_planned" });
    }
    return { oldest, duplicates: younger.length };
  }

  /** The first one that is closed. Labels keep the listing short in a repository with many issues. */
  async closed(labels: readonly string[]): Promise<Issue | undefined> {
    return (await this.#list({ state: "closed", labels: labels.join(",") || undefined }))[0];
  }

  async create(fields: { title: string; body: string; labels: string[] }): Promise<Issue> {
    const about = { ...this.#place, ...fields };
    return (await this.#write(({ request }) => request("POST /repos/{owner}/{repo}/issues", about))).data;
  }

  async change({ number }: Issue, fields: Change): Promise<void> {
    const route = "PATCH /repos/{owner}/{repo}/issues/{issue_number}";
    await this.#write(({ request }) => request(route, { ...this.#place, issue_number: number, ...fields }));
  }

  async say({ number }: Issue, body: string): Promise<void> {
    const route = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
    await this.#write(({ request }) => request(route, { ...this.#place, issue_number: number, body }));
  }

  /** Our own, the lowest number first. Pull requests are in the host's list, too. */
  async #list(which: { state: "open" | "closed"; labels?: string }): Promise<Issue[]> {
    const about = { ...this.#place, ...which, ...PAGE };
    const [viewer, all] = await Promise.all([
      this.#github.viewer(),
      this.#write(({ paginate }) => paginate("GET /repos/{owner}/{repo}/issues", about)),
    ]);
    return all
      .filter(({ pull_request }) => pull_request === undefined)
      .filter(({ user, body }) => isBy(user, viewer) && hasMarker(body, "issue", this.#key))
      .sort((a, b) => a.number - b.number);
  }

  #write<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { owner, repo } = this.#place;
    return this.#github.call(`open, change or close an issue of ${owner}/${repo}`, "issues: write", work);
  }
}
