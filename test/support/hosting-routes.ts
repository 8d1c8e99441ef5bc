/** How the stand-in of GitHub answers, as GitHub's REST API does where `tristack report` asks it. */
import type { GitHubState, StoredComment, StoredIssue, StoredPullRequest } from "./hosting-state.ts";
import type { Answer, Asked } from "./stand-in-server.ts";

/** Longest body that GitHub takes, in characters. */
export const GITHUB_BODY = 65_536;

const NOT_FOUND: Answer = { status: 404, body: { message: "Not Found", status: "404" } };
const NOT_ACCESSIBLE = { message: "Resource not accessible by integration", status: "403" };

export function answerOfGitHub(state: GitHubState, asked: Asked): Answer | Promise<Answer> {
  const { authorization } = asked.headers;
  if (![`token ${state.token}`, `bearer ${state.token}`].includes(authorization?.replace(/^B/, "b") ?? ""))
    return { status: 401, body: { message: "Bad credentials", status: "401" } };
  if (asked.path === "/graphql") return graphqlAnswer(state, asked);
  const repository = `/repos/${state.repository}`;
  if (!asked.path.startsWith(`${repository}/`)) return NOT_FOUND;
  const path = asked.path.slice(repository.length);
  for (const [method, pattern, answer] of ROUTES) {
    const found = method === asked.method ? pattern.exec(path) : null;
    if (found) return refusal(state, asked, path) ?? answer(state, asked, Number(found[1] ?? 0));
  }
  return NOT_FOUND;
}

type Handler = (state: GitHubState, asked: Asked, number: number) => Answer | Promise<Answer>;

const ROUTES: readonly (readonly [string, RegExp, Handler])[] = [
  ["GET", /^\/issues\/(\d+)\/comments$/, listComments],
  ["POST", /^\/issues\/(\d+)\/comments$/, createComment],
  ["PATCH", /^\/issues\/comments\/(\d+)$/, changeComment],
  ["DELETE", /^\/issues\/comments\/(\d+)$/, removeComment],
  ["GET", /^\/issues$/, listIssues],
  ["POST", /^\/issues$/, createIssue],
  ["PATCH", /^\/issues\/(\d+)$/, changeIssue],
  ["GET", /^\/pulls$/, listPulls],
];

/** What a token without the permission is told. Comments on pull requests need that of pull requests, or of issues. */
function refusal(state: GitHubState, { method }: Asked, path: string): Answer | undefined {
  const { pullRequests, issues } = state.permissions;
  const [, on] = /^\/issues\/(\d+)\/comments$/.exec(path) ?? [];
  const comment = state.comments.find(({ id }) => path === `/issues/comments/${id}`);
  const thread = on === undefined ? comment?.issue : Number(on);
  const onPull = path === "/pulls" || (thread !== undefined && state.isPullRequest(thread));
  const granted = onPull ? [pullRequests, ...(path === "/pulls" ? [] : [issues])] : [issues];
  const wanted = method === "GET" ? ["read", "write"] : ["write"];
  if (granted.some((one) => wanted.includes(one))) return undefined;
  const needs = `${onPull ? "pull_requests" : "issues"}=${method === "GET" ? "read" : "write"}`;
  return { status: 403, body: NOT_ACCESSIBLE, headers: { "x-accepted-github-permissions": needs } };
}

function graphqlAnswer({ graphql, viewer }: GitHubState, { body }: Asked): Answer {
  const { query = "" } = (body ?? {}) as { query?: string };
  if (!graphql) return NOT_FOUND;
  if (!/viewer/.test(query)) return { status: 200, body: { errors: [{ message: "not known here" }] } };
  return { status: 200, body: { data: { viewer: { login: viewer.login, databaseId: viewer.id } } } };
}

function listComments(state: GitHubState, asked: Asked, number: number): Answer {
  if (!state.hasThread(number)) return NOT_FOUND;
  return page(
    state,
    asked,
    state.comments.filter(({ issue }) => issue === number).map((one) => commentJson(state, one)),
  );
}

async function createComment(state: GitHubState, asked: Asked, number: number): Promise<Answer> {
  if (!state.hasThread(number)) return NOT_FOUND;
  const body = textOf(asked, "body");
  const problem = bodyProblem("IssueComment", body);
  if (problem) return problem;
  await state.beforeCreate();
  return { status: 201, body: commentJson(state, state.addComment(number, body, state.viewer)) };
}

function changeComment(state: GitHubState, asked: Asked, id: number): Answer {
  state.beforeChange();
  const comment = state.comments.find((one) => one.id === id);
  if (!comment) return NOT_FOUND;
  const body = textOf(asked, "body");
  const problem = bodyProblem("IssueComment", body);
  if (problem) return problem;
  comment.body = body;
  return { status: 200, body: commentJson(state, comment) };
}

function removeComment(state: GitHubState, _asked: Asked, id: number): Answer {
  const index = state.comments.findIndex((one) => one.id === id);
  if (index < 0) return NOT_FOUND;
  state.comments.splice(index, 1);
  return { status: 204 };
}

/** Pull requests are issues, too, there. */
function listIssues(state: GitHubState, asked: Asked): Answer {
  const wanted = asked.query.get("state") ?? "open";
  const labels = (asked.query.get("labels") ?? "").split(",").filter((one) => one !== "");
  const creator = asked.query.get("creator");
  const pulls = state.pullRequests
    .filter(() => labels.length === 0)
    .map((one) => ({ ...pullJson(state, one), pull_request: {}, labels: [], body: "", user: userJson() }));
  const issues = state.issues
    .filter((one) => labels.every((label) => one.labels.includes(label)))
    .map((one) => issueJson(state, one));
  const all = [...pulls, ...issues]
    .filter((one) => wanted === "all" || one.state === wanted)
    .filter(({ user }) => creator === null || user.login === creator);
  return page(
    state,
    asked,
    all.sort((a, b) => b.number - a.number),
  );
}

async function createIssue(state: GitHubState, asked: Asked): Promise<Answer> {
  const title = textOf(asked, "title");
  if (title === "")
    return { status: 422, body: { message: "Validation Failed", errors: [{ field: "title" }] } };
  const body = textOf(asked, "body");
  const problem = body === "" ? undefined : bodyProblem("Issue", body);
  if (problem) return problem;
  await state.beforeCreate();
  const { labels = [] } = asked.body as { labels?: string[] };
  return {
    status: 201,
    body: issueJson(state, state.addIssue({ title, body, labels, user: state.viewer })),
  };
}

function changeIssue(state: GitHubState, asked: Asked, number: number): Answer {
  const issue = state.issues.find((one) => one.number === number);
  if (!issue) return NOT_FOUND;
  const fields = asked.body as Partial<StoredIssue> & { state_reason?: string };
  const problem = fields.body === undefined ? undefined : bodyProblem("Issue", fields.body);
  if (problem) return problem;
  const { title = issue.title, body = issue.body, state: next = issue.state, labels = issue.labels } = fields;
  Object.assign(issue, { title, body, state: next, labels });
  if (fields.state !== undefined)
    issue.stateReason = fields.state_reason ?? (next === "closed" ? "completed" : "reopened");
  return { status: 200, body: issueJson(state, issue) };
}

function listPulls(state: GitHubState, asked: Asked): Answer {
  const wanted = asked.query.get("state") ?? "open";
  const head = asked.query.get("head");
  const found = state.pullRequests
    .filter((one) => wanted === "all" || one.state === wanted)
    .filter((one) => head === null || one.head === head);
  return page(
    state,
    asked,
    found.map((one) => pullJson(state, one)),
  );
}

/** 30 a page, up to the longest where more are asked for, and the way to the others in a header. */
function page({ apiUrl, longestPage }: GitHubState, { query, path }: Asked, all: readonly unknown[]): Answer {
  const size = Math.min(longestPage, Number(query.get("per_page") ?? 30));
  const number = Number(query.get("page") ?? 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  const link = (to: number, rel: string) => {
    const other = new URLSearchParams(query);
    other.set("page", String(to));
    return `<${apiUrl}${path}?${other.toString()}>; rel="${rel}"`;
  };
  const links = number < last ? [link(number + 1, "next"), link(last, "last")] : [];
  return {
    status: 200,
    body: all.slice((number - 1) * size, number * size),
    headers: links.length > 0 ? { link: links.join(", ") } : {},
  };
}

function bodyProblem(resource: string, body: string): Answer | undefined {
  const long = [...body].length > GITHUB_BODY;
  if (!long && body.trim() !== "") return undefined;
  const message = long ? `body is too long (maximum is ${GITHUB_BODY} characters)` : "Body can't be blank";
  return {
    status: 422,
    body: { message: "Validation Failed", errors: [{ resource, code: "custom", field: "body", message }] },
  };
}

function textOf({ body }: Asked, key: string): string {
  const value = (body as Record<string, unknown> | undefined)?.[key];
  return typeof value === "string" ? value : "";
}

function userJson({ login, id } = { login: "somebody", id: 7 }) {
  return { login, id, type: login.endsWith("[bot]") ? "Bot" : "User" };
}

function commentJson({ repository }: GitHubState, { id, issue, body, user }: StoredComment) {
  const html = `https://github.test/${repository}/pull/${issue}#issuecomment-${id}`;
  return { id, body, user: userJson(user), html_url: html };
}

function issueJson({ repository }: GitHubState, issue: StoredIssue) {
  const { number, title, body, state, stateReason, labels, user } = issue;
  return {
    number,
    title,
    body,
    state,
    state_reason: stateReason,
    labels: labels.map((name) => ({ name })),
    user: userJson(user),
    html_url: `https://github.test/${repository}/issues/${number}`,
  };
}

function pullJson({ repository }: GitHubState, { number, state, head, sha }: StoredPullRequest) {
  const url = `https://github.test/${repository}/pull/${number}`;
  return { number, title: `pull request ${number}`, state, head: { label: head, sha }, html_url: url };
}
