/** What a repository at the stand-in of GitHub holds: pull requests, issues, comments. */

export interface Author {
  readonly login: string;
  readonly id: number;
}

export interface StoredComment {
  readonly id: number;
  /** Number of the pull request or issue. */
  readonly issue: number;
  body: string;
  readonly user: Author;
}

export interface StoredIssue {
  readonly number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  stateReason: string | null;
  labels: string[];
  readonly user: Author;
}

export interface StoredPullRequest {
  readonly number: number;
  readonly state: "open" | "closed";
  /** Owner and branch that it comes from, such as acme:topic. */
  readonly head: string;
  readonly sha: string;
}

/** The token that is taken. */
export const TOKEN = "ghs_standInOfATokenOfActions0123456789";

/** What the token may do, as `permissions:` of a workflow says. */
export interface Permissions {
  pullRequests: "read" | "write" | "none";
  issues: "read" | "write" | "none";
}

export class GitHubState {
  readonly repository: string;
  /** Whom the token speaks for. */
  readonly viewer: Author;
  readonly token = TOKEN;
  readonly permissions: Permissions = { pullRequests: "write", issues: "write" };
  /** Where its API is, as links to further pages say. */
  apiUrl = "";
  longestPage = 100;
  /** Whether GraphQL answers, which says who the token is. */
  graphql = true;
  readonly comments: StoredComment[] = [];
  readonly issues: StoredIssue[] = [];
  readonly pullRequests: StoredPullRequest[] = [];
  /** Called before a comment or an issue is created: two runs at once meet here. */
  beforeCreate: () => Promise<void> = () => Promise.resolve();
  /** Called before a comment is changed: somebody comes in between. */
  beforeChange: () => void = () => undefined;
  #lastId = 1000;

  constructor(repository: string, viewer: Author) {
    this.repository = repository;
    this.viewer = viewer;
  }

  addPullRequest(number: number, fields: Partial<StoredPullRequest> = {}): StoredPullRequest {
    const one = { state: "open", head: "acme:topic", sha: "0".repeat(40), ...fields, number } as const;
    this.pullRequests.push(one);
    return one;
  }

  addComment(issue: number, body: string, user: Author): StoredComment {
    const comment = { id: (this.#lastId += 1), issue, body, user };
    this.comments.push(comment);
    return comment;
  }

  addIssue(fields: Pick<StoredIssue, "title" | "body" | "labels" | "user">): StoredIssue {
    const numbers = [...this.issues, ...this.pullRequests].map(({ number }) => number);
    const issue: StoredIssue = {
      ...fields,
      number: Math.max(0, ...numbers) + 1,
      state: "open",
      stateReason: null,
    };
    this.issues.push(issue);
    return issue;
  }

  isPullRequest(number: number): boolean {
    return this.pullRequests.some((one) => one.number === number);
  }

  hasThread(number: number): boolean {
    return this.isPullRequest(number) || this.issues.some((one) => one.number === number);
  }
}
