/** The pull request that a run is about, asked of the host where the event alone does not say it. */
import type { Subject } from "./environment.ts";
import { type GitHub, PAGE } from "./github.ts";

/**
 * Its number. Of a run that follows another one, the event names the branch and the commit, and for a fork nothing more: so it is
 * the open pull request whose last commit is that very one. A number that comes out of a fork's run is not to be trusted.
 * @returns undefined where no open one has that commit (any more)
 */
export async function pullRequestOf(github: GitHub, subject: Subject): Promise<number | undefined> {
  if ("pullRequest" in subject) return subject.pullRequest;
  const { owner, repo } = github;
  const about = { owner, repo, head: subject.head, state: "open", ...PAGE } as const;
  const found = await github.call(
    `look for the pull request of ${subject.head}`,
    "pull-requests: write",
    ({ paginate }) => paginate("GET /repos/{owner}/{repo}/pulls", about),
  );
  return found.find(({ head }) => head.sha === subject.sha)?.number;
}
