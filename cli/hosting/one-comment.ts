/** Exactly one comment of a key on a pull request, made or changed in place, whoever runs at the same time. */
import { type Id, isBy } from "./authors.ts";
import { type Client, type GitHub, PAGE } from "./github.ts";
import { hasMarker, sameBody, withMarker } from "./marker.ts";
import { isGone } from "./refusals.ts";

export interface CommentReport {
  readonly pullRequest: number;
  readonly action: "created" | "updated" | "unchanged" | "removed" | "none";
  /** Where it is to be read; null where there is none. */
  readonly url: string | null;
  /** Others of the same key that were removed: of two runs at once, or from before. */
  readonly duplicates: number;
}

interface Comment {
  readonly id: Id;
  readonly body?: string;
  readonly html_url: string;
}

/** @param text without the marker */
export async function oneComment(
  github: GitHub,
  on: number,
  key: string,
  text: string,
): Promise<CommentReport> {
  const thread = new Thread(github, on, key);
  const body = withMarker("comment", key, text);
  const [oldest, ...younger] = await thread.ours();
  if (oldest) {
    await thread.remove(younger);
    const told = { pullRequest: on, url: oldest.html_url, duplicates: younger.length };
    if (sameBody(oldest.body, body)) return { ...told, action: "unchanged" };
    if (await thread.change(oldest, body)) return { ...told, action: "updated" };
    // Somebody deleted it meanwhile.
  }
  const created = await thread.create(body);
  return { pullRequest: on, ...(await thread.settled(created, body)) };
}

/** Removes the comment of a key, and all that are twice. */
export async function noComment(github: GitHub, on: number, key: string): Promise<CommentReport> {
  const thread = new Thread(github, on, key);
  const all = await thread.ours();
  await thread.remove(all);
  const action = all.length > 0 ? "removed" : "none";
  return { pullRequest: on, action, url: null, duplicates: Math.max(0, all.length - 1) };
}

/** The comments of a key on one pull request. */
class Thread {
  readonly #github: GitHub;
  readonly #on: number;
  readonly #key: string;
  readonly #name: string;
  readonly #place: { readonly owner: string; readonly repo: string };

  constructor(github: GitHub, on: number, key: string) {
    const { owner, repo } = github;
    this.#github = github;
    this.#on = on;
    this.#key = key;
    this.#name = `${owner}/${repo}#${on}`;
    this.#place = { owner, repo };
  }

  /** Our own, the oldest first. */
  async ours(): Promise<Comment[]> {
    const route = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
    const about = { ...this.#place, issue_number: this.#on, ...PAGE };
    const [viewer, all] = await Promise.all([
      this.#github.viewer(),
      this.#github.call(`read the comments on ${this.#name}`, "pull-requests: write", ({ paginate }) =>
        paginate(route, about),
      ),
    ]);
    return all
      .filter(({ user, body }) => isBy(user, viewer) && hasMarker(body, "comment", this.#key))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async create(body: string): Promise<Comment> {
    const route = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
    const about = { ...this.#place, issue_number: this.#on, body };
    return (await this.#write(({ request }) => request(route, about))).data;
  }

  /** Whether it was still there to be changed. */
  change({ id }: Comment, body: string): Promise<boolean> {
    const route = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}";
    const about = { ...this.#place, comment_id: id, body };
    return this.#write(({ request }) => foundIt(request(route, about)));
  }

  async remove(comments: readonly Comment[]): Promise<void> {
    const route = "DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}";
    for (const { id } of comments)
      await this.#write(({ request }) => foundIt(request(route, { ...this.#place, comment_id: id })));
  }

  /**
   * Looks again after one was created. Another run that began at the same time, or the same request tried twice, has made one
   * as well: all agree that the oldest stays, with the words of who comes last.
   */
  async settled(
    created: Comment,
    body: string,
  ): Promise<Pick<CommentReport, "action" | "url" | "duplicates">> {
    const [oldest = created, ...younger] = await this.ours();
    if (oldest.id !== created.id && !sameBody(oldest.body, body)) await this.change(oldest, body);
    await this.remove(younger);
    const action = oldest.id === created.id ? "created" : "updated";
    return { action, url: oldest.html_url, duplicates: younger.length };
  }

  #write<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.#github.call(`comment on ${this.#name}`, "pull-requests: write", work);
  }
}

/** Whether a change found what it was to change. */
async function foundIt(change: Promise<unknown>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}
