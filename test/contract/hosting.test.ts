/** Reports to the host of the code, asked of a stand-in of its API: who runs at once, what fails, what is refused. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../../cli/errors.ts";
import { hostingOf, subjectOf } from "../../cli/hosting/environment.ts";
import { type GitHub, gitHub } from "../../cli/hosting/github.ts";
import { noComment, oneComment } from "../../cli/hosting/one-comment.ts";
import { noIssue, oneIssue } from "../../cli/hosting/one-issue.ts";
import { pullRequestOf } from "../../cli/hosting/pull-request.ts";
import { type HostingOptions, HostingStandIn } from "../support/hosting-stand-in.ts";

const PULL = 7;
const PACE = { second: 5, throttled: false };
const ROUTE = "/repos/acme/shop/issues";
const MARKER = "<!-- tristack:comment:dev -->";

const open: HostingStandIn[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function standIn(options: HostingOptions = {}): Promise<{ hosting: HostingStandIn; github: GitHub }> {
  const hosting = await HostingStandIn.open(options);
  open.push(hosting);
  hosting.pullRequest(PULL);
  return { hosting, github: client(hosting) };
}

const client = (hosting: HostingStandIn) => gitHub(hostingOf(hosting.env), PACE);
const bodies = (hosting: HostingStandIn, on = PULL) => hosting.commentsOf(on).map(({ body }) => body);
const writes = (hosting: HostingStandIn) => hosting.asked(/^(POST \/repos|PATCH|DELETE)/);
const fails = (message: RegExp) => (error: unknown) =>
  error instanceof CliError && error.exitCode === 1 && message.test(error.message);

/** Holds what is created back until so many have come to it. */
function meeting(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let come = 0;
  return async () => {
    if ((come += 1) === count) resolve(undefined);
    await promise;
  };
}

describe("a comment of a key", () => {
  it("is made, changed in place, left alone where nothing changed, and removed", async () => {
    const { hosting, github } = await standIn();
    const actions = [];
    for (const text of ["one", "two", "two\n"])
      actions.push((await oneComment(github, PULL, "dev", text)).action);
    assert.deepEqual(actions, ["created", "updated", "unchanged"]);
    assert.deepEqual(bodies(hosting), [`${MARKER}\ntwo`]);
    assert.equal((await noComment(github, PULL, "dev")).action, "removed");
    assert.equal((await noComment(github, PULL, "dev")).action, "none");
    assert.deepEqual(bodies(hosting), []);
    assert.equal(writes(hosting).length, 3);
  });

  it("is found behind 250 others", async () => {
    const { hosting, github } = await standIn();
    for (let index = 0; index < 250; index++) hosting.comment(PULL, `remark ${index}`);
    hosting.comment(PULL, `${MARKER}\r\nold`, hosting.state.viewer);
    assert.equal((await oneComment(github, PULL, "dev", "new")).action, "updated");
    assert.equal(hosting.commentsOf(PULL).length, 251);
    assert.equal(hosting.asked(/^GET .*comments$/).length, 3);
  });

  for (const seen of ["before", "after"])
    it(`is one of two runs at once, the other made ${seen} the first looks again`, async () => {
      const { hosting, github } = await standIn();
      if (seen === "before") hosting.state.beforeCreate = meeting(2);
      const other = client(hosting);
      const reports = await Promise.all([
        oneComment(github, PULL, "dev", "mine"),
        (seen === "before" ? Promise.resolve() : firstLook(hosting)).then(() =>
          oneComment(other, PULL, "dev", "theirs"),
        ),
      ]);
      assert.equal(hosting.commentsOf(PULL).length, 1, JSON.stringify(reports));
      assert.match(bodies(hosting)[0] ?? "", /mine|theirs/);
    });

  it("is one again where there were several, the oldest", async () => {
    const { hosting, github } = await standIn();
    const { viewer } = hosting.state;
    const [first] = ["a", "b", "c"].map((text) => hosting.comment(PULL, `${MARKER}\n${text}`, viewer));
    const { duplicates } = await oneComment(github, PULL, "dev", "d");
    assert.equal(duplicates, 2);
    assert.deepEqual(hosting.commentsOf(PULL), [{ ...first, body: `${MARKER}\nd` }]);
  });

  it("is made anew where somebody deletes it meanwhile", async () => {
    const { hosting, github } = await standIn();
    hosting.comment(PULL, `${MARKER}\nold`, hosting.state.viewer);
    hosting.state.beforeChange = () => {
      hosting.state.comments.length = 0;
    };
    assert.equal((await oneComment(github, PULL, "dev", "new")).action, "created");
    assert.deepEqual(bodies(hosting), [`${MARKER}\nnew`]);
  });

  it("is never somebody else's, and is any author's where it cannot be known who we are", async () => {
    const { hosting, github } = await standIn();
    hosting.comment(PULL, `${MARKER}\nNothing changes. Merge it.`);
    assert.equal((await oneComment(github, PULL, "dev", "plan")).action, "created");
    assert.equal(bodies(hosting)[0], `${MARKER}\nNothing changes. Merge it.`);

    const unknown = await standIn();
    unknown.hosting.state.graphql = false;
    unknown.hosting.comment(PULL, `${MARKER}\nold`);
    assert.equal((await oneComment(unknown.github, PULL, "dev", "plan")).action, "updated");
  });

  it("is made on a server of one's own, whose API is below a path", async () => {
    const { hosting, github } = await standIn({ prefix: "/api/v3", longestPage: 1 });
    hosting.comment(PULL, "remark");
    hosting.comment(PULL, `${MARKER}\nold`, hosting.state.viewer);
    assert.equal((await oneComment(github, PULL, "dev", "new")).action, "updated");
    assert.ok(hosting.asked(/^POST \/api\/graphql$/).length > 0);
  });
});

async function firstLook(hosting: HostingStandIn): Promise<void> {
  while (hosting.asked(/^POST .*comments$/).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 1));
}

describe("a host in trouble", () => {
  it("is asked again, and a comment that was made all the same is not made twice", async () => {
    const { hosting, github } = await standIn();
    hosting.fail(/^GET .*comments$/, { status: 502 }, 2);
    hosting.fail(/^POST .*comments$/, { status: 504 }, 1, true);
    await oneComment(github, PULL, "dev", "plan");
    assert.deepEqual(bodies(hosting), [`${MARKER}\nplan`]);
  });

  it("is given up on after a few tries, and no comment is made in place of one that cannot be changed", async () => {
    const { hosting, github } = await standIn();
    hosting.comment(PULL, `${MARKER}\nold`, hosting.state.viewer);
    hosting.fail(/^PATCH /, { status: 500, body: { message: "Server Error" } }, 100);
    await assert.rejects(
      oneComment(github, PULL, "dev", "new"),
      fails(/cannot comment on acme\/shop#7: .*answers 500/),
    );
    assert.equal(hosting.asked(/^PATCH /).length, 4);
    assert.deepEqual(bodies(hosting), [`${MARKER}\nold`]);
  });

  it("is waited for where it limits requests, for as long as it says, and not without an end", async () => {
    const throttled = (one: HostingStandIn) => gitHub(hostingOf(one.env), { ...PACE, throttled: true });
    const { hosting } = await standIn();
    const limited = { message: "You have exceeded a secondary rate limit." };
    hosting.fail(/^GET .*comments$/, { status: 403, body: limited, headers: { "retry-after": "3" } });
    assert.equal((await oneComment(throttled(hosting), PULL, "dev", "plan")).action, "created");

    const { hosting: other } = await standIn();
    const reset = String(Math.ceil(Date.now() / 1000) + 3000);
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
    other.fail(
      /^GET .*comments$/,
      { status: 403, body: { message: "API rate limit exceeded" }, headers },
      100,
    );
    await assert.rejects(
      oneComment(throttled(other), PULL, "dev", "plan"),
      fails(/takes no more requests for now.*rate limit/),
    );
    assert.equal(other.asked(/^GET .*comments$/).length, 1);
  });

  it("that does not answer at all is told as such", async () => {
    const { hosting, github } = await standIn();
    await hosting.close();
    open.length = 0;
    await assert.rejects(oneComment(github, PULL, "dev", "plan"), fails(/does not answer/));
  });
});

describe("a refusal says what is missing", () => {
  it("the permission, as a run of a fork's pull request has it", async () => {
    const { hosting, github } = await standIn();
    hosting.state.permissions.pullRequests = "read";
    hosting.state.permissions.issues = "read";
    const message = /cannot comment on acme\/shop#7: .*not accessible.*`pull-requests: write`.*fork/;
    await assert.rejects(oneComment(github, PULL, "dev", "plan"), fails(message));
    await assert.rejects(
      oneIssue(github, "drift", { title: "Drift", text: "x", labels: [] }),
      fails(/cannot open.* an issue of acme\/shop: .*`issues: write`/),
    );
  });

  it("a token that is not valid, a pull request and a repository that are not there", async () => {
    const { hosting, github } = await standIn();
    const stranger = gitHub({ ...hostingOf(hosting.env), token: "ghs_other" }, PACE);
    await assert.rejects(
      oneComment(stranger, PULL, "dev", "plan"),
      fails(/does not accept GITHUB_TOKEN \(Bad credentials/),
    );
    await assert.rejects(
      oneComment(github, 8, "dev", "plan"),
      fails(/acme\/shop#8: it is not there, or not for this token/),
    );
    const elsewhere = gitHub({ ...hostingOf(hosting.env), repo: "other" }, PACE);
    await assert.rejects(oneComment(elsewhere, PULL, "dev", "plan"), fails(/acme\/other#7: it is not there/));
  });
});

describe("an issue of a key", () => {
  const words = (text: string, title = "Drift") => ({ title, text, labels: ["drift"] });

  it("is opened, left alone, changed, closed and opened again: always the same one", async () => {
    const { hosting, github } = await standIn();
    const steps = [
      () => oneIssue(github, "drift", words("a")),
      () => oneIssue(github, "drift", words("a")),
      () => oneIssue(github, "drift", words("b")),
      () => noIssue(github, "drift", "over"),
      () => noIssue(github, "drift", "over"),
      () => oneIssue(github, "drift", words("b")),
    ];
    const done = [];
    for (const step of steps) {
      const before = writes(hosting).length;
      const { action, number } = await step();
      done.push(`${action} ${number ?? "none"} ${writes(hosting).length - before}`);
    }
    assert.deepEqual(done, [
      "opened 8 1",
      "unchanged 8 0",
      "updated 8 2",
      "closed 8 2",
      "none none 0",
      "reopened 8 2",
    ]);
    const [issue, ...others] = hosting.issues;
    assert.deepEqual(others, []);
    assert.deepEqual([issue?.state, issue?.labels], ["open", ["drift"]]);
    assert.deepEqual(
      hosting.commentsOf(8).map(({ body }) => body),
      ["This report has changed: see above.", "over", "This is so again: see above."],
    );
  });

  it("is told from pull requests, other keys and other people's, on any page", async () => {
    const { hosting, github } = await standIn({ longestPage: 3 });
    const add = (key: string, user = hosting.state.viewer) =>
      hosting.state.addIssue({ title: "x", body: `<!-- tristack:issue:${key} -->\nx`, labels: [], user });
    add("drift", { login: "somebody", id: 7 });
    const ours = add("drift");
    ["drift-tokyo", "dri", "a", "b", "c"].forEach((key) => add(key));
    const { number } = await oneIssue(github, "drift", words("new"));
    assert.equal(number, ours.number);
    assert.equal(hosting.asked(new RegExp(`^POST ${ROUTE}$`)).length, 0);
  });

  it("is found again without a label", async () => {
    const { github } = await standIn();
    const bare = { ...words("a"), labels: [] };
    await oneIssue(github, "drift", bare);
    await noIssue(github, "drift", "over");
    assert.deepEqual((await oneIssue(github, "drift", bare)).action, "reopened");
  });

  it("is one of two runs at once: the younger is closed", async () => {
    const { hosting, github } = await standIn();
    hosting.state.beforeCreate = meeting(2);
    const [one, other] = await Promise.all([
      oneIssue(github, "drift", words("a")),
      oneIssue(client(hosting), "drift", words("a")),
    ]);
    assert.deepEqual([one.number, other.number], [8, 8]);
    assert.deepEqual(
      hosting.issues.map(({ state, stateReason }) => [state, stateReason]),
      [
        ["open", null],
        ["closed", "not_planned"],
      ],
    );
    await noIssue(github, "drift", "over");
    assert.equal((await oneIssue(github, "drift", words("a"))).number, 8);
  });
});

describe("the pull request of a run", () => {
  const folder = mkdtempSync(join(tmpdir(), "tristack-event-"));
  after(() => rmSync(folder, { recursive: true }));
  const subject = (event: unknown) => {
    const GITHUB_EVENT_PATH = join(folder, "event.json");
    writeFileSync(GITHUB_EVENT_PATH, typeof event === "string" ? event : JSON.stringify(event));
    return subjectOf({ GITHUB_EVENT_PATH });
  };
  const problem = (one: ReturnType<typeof subjectOf>) => (typeof one === "string" ? one : "none");
  const run = (fields: object) => ({
    workflow_run: {
      pull_requests: [],
      head_sha: "a".repeat(40),
      head_branch: "topic",
      head_repository: { owner: { login: "fork" } },
      ...fields,
    },
  });

  it("is that of the event", () => {
    assert.deepEqual(subject({ pull_request: { number: 3 } }), { pullRequest: 3 });
    assert.deepEqual(subject({ issue: { number: 4, pull_request: {} } }), { pullRequest: 4 });
    assert.deepEqual(subject(run({ pull_requests: [{ number: 5 }] })), { pullRequest: 5 });
  });

  it("is none of an issue's, of a push's, and of a file that is none", () => {
    for (const event of [{ issue: { number: 4 } }, {}, "nonsense", "null"])
      assert.match(
        problem(subject(event)),
        /^--pull-request: missing, .*GITHUB_EVENT_PATH.*needs the number/,
      );
    assert.match(problem(subjectOf({})), /GITHUB_EVENT_PATH is not set/);
  });

  it("is, of a run that follows a fork's, the open one with that very commit", async () => {
    const { hosting, github } = await standIn();
    const ofRun = subject(run({}));
    assert.ok(typeof ofRun !== "string");
    hosting.pullRequest(20, { head: "fork:topic", sha: "b".repeat(40) });
    hosting.pullRequest(21, { head: "other:topic", sha: "a".repeat(40) });
    hosting.pullRequest(22, { head: "fork:topic", sha: "a".repeat(40), state: "closed" });
    assert.equal(await pullRequestOf(github, ofRun), undefined);
    hosting.pullRequest(23, { head: "fork:topic", sha: "a".repeat(40) });
    assert.equal(await pullRequestOf(github, ofRun), 23);
  });
});
