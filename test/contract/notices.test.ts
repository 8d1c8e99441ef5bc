/** Notices to Slack and Sentry, and what `tristack report` refuses: the real command, against stand-ins. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../../cli/errors.ts";
import { reportCommand } from "../../cli/commands/report.ts";
import { type Outcome, deployNotice, noOutcome, outcomeIn } from "../../cli/hosting/deploy-notice.ts";
import { tellSentry } from "../../cli/hosting/sentry.ts";
import { tellSlack } from "../../cli/hosting/slack.ts";
import { tristack } from "../support/command.ts";
import { HostingStandIn } from "../support/hosting-stand-in.ts";

const SECOND = 5;
const NOTICE = { status: "info", title: "a title", lines: [] } as const;

let hosting: HostingStandIn;
/** Of tests that start the command, on a machine with other work. */
const PROCESSES = 60_000;
const folder = mkdtempSync(join(tmpdir(), "tristack-notices-"));
beforeEach(async () => (hosting = await HostingStandIn.open()));
afterEach(() => hosting.close());
after(() => rmSync(folder, { recursive: true }));

const fails = (message: RegExp) => (error: unknown) =>
  error instanceof CliError && error.exitCode === 1 && message.test(error.message);

function outcome(passed: boolean): Outcome {
  return {
    stack: "production",
    version: "v2",
    before: "v1",
    runs: passed ? "v2" : "v1",
    warnings: ["the last restore was tried 40 days ago"],
    lastDeploy: {
      at: "2026-11-26T12:00:00Z",
      kind: "deploy",
      version: "v2",
      passed,
      reason: passed ? null : "api-v2 never got healthy",
      proof: {
        requests: 1200,
        failed: 0,
        retried: 1,
        p99Milliseconds: 12,
        seconds: { total: 61.5 },
        traffic: { requests: 90, failed: 0 },
      },
    } as unknown as Outcome["lastDeploy"],
  };
}

describe("a notice of a deploy", () => {
  it("says what serves, what it was, and how many requests failed", () => {
    assert.deepEqual(deployNotice(outcome(true)), {
      status: "passed",
      title: "production: v2 serves",
      lines: [
        "Before: v1",
        "1200 requests meanwhile, 0 failed, 1 retried; 61.5 s",
        "Warning: the last restore was tried 40 days ago",
      ],
    });
  });

  it("that failed says why, and what serves", () => {
    const { status, title, lines } = deployNotice(outcome(false));
    assert.deepEqual(
      [status, title, lines[0]],
      ["failed", "production: v2 did not pass, v1 serves", "api-v2 never got healthy"],
    );
  });

  it("takes nothing for a deploy without an outcome, and refuses what is none", () => {
    assert.equal(outcomeIn(" \n", "x"), undefined);
    assert.equal(noOutcome("production", "v2").title, "production: v2 was not released");
    for (const text of ["{", "[]", "null", '{"stack":"a"}'])
      assert.throws(
        () => outcomeIn(text, "x"),
        (error) => error instanceof CliError && error.exitCode === 2,
      );
  });
});

describe("Slack", () => {
  it("is asked again where it fails, as long after as it says", async () => {
    hosting.fail(/^POST \/slack/, { status: 500 });
    hosting.fail(/^POST \/slack/, { status: 429, headers: { "retry-after": "2" } });
    await tellSlack(hosting.env.SLACK_WEBHOOK ?? "", NOTICE, SECOND);
    assert.equal(hosting.slack.length, 1);
    assert.equal(hosting.requests.length, 3);
  });

  it("that sends elsewhere has not been told", async () => {
    hosting.fail(/^POST \/slack/, { status: 302, headers: { location: `${hosting.url}/state` } });
    await assert.rejects(
      tellSlack(hosting.env.SLACK_WEBHOOK ?? "", NOTICE, SECOND),
      fails(/refuses the notice \(302/),
    );
  });

  it("that fails on is given up on, and one that refuses is not asked again; its address is not told", async () => {
    hosting.fail(/^POST \/slack/, { status: 503 }, 4);
    await assert.rejects(
      tellSlack(hosting.env.SLACK_WEBHOOK ?? "", NOTICE, SECOND),
      fails(/^Slack answers 503$/),
    );
    assert.equal(hosting.requests.length, 4);
    await assert.rejects(tellSlack(`${hosting.url}/slack/gone`, NOTICE, SECOND), (error: unknown) => {
      assert.ok(error instanceof CliError);
      assert.match(error.message, /Slack refuses the notice \(404 no_team\)/);
      assert.doesNotMatch(error.message, /127\.0\.0\.1/);
      return true;
    });
    assert.equal(hosting.requests.length, 5);
    await assert.rejects(
      tellSlack("http://127.0.0.1:9/", NOTICE, SECOND),
      fails(/^Slack does not answer \(.*(ECONNREFUSED|bad port)/),
    );
  });
});

describe("Sentry", () => {
  const place = () => ({
    url: hosting.url,
    organization: "acme",
    projects: ["shop"],
    token: hosting.env.SENTRY_AUTH_TOKEN ?? "",
  });
  const deploy = {
    version: "v2",
    environment: "production",
    commit: "a".repeat(40),
    repository: "acme/shop",
  };

  it("is told of the release with its commit, and of each deploy of it", async () => {
    hosting.sentryKnowsRepository = true;
    assert.deepEqual(await tellSentry(place(), { ...deploy, environment: "staging" }, SECOND), {
      commitKnown: true,
    });
    await tellSentry(place(), deploy, SECOND);
    const [release, ...others] = hosting.sentry;
    assert.deepEqual(others, []);
    assert.deepEqual(release?.fields.refs, [{ repository: "acme/shop", commit: deploy.commit }]);
    assert.deepEqual(
      release?.deploys.map(({ environment }) => environment),
      ["staging", "production"],
    );
  });

  it("takes the release where it is not connected with the repository", async () => {
    assert.deepEqual(await tellSentry(place(), deploy, SECOND), { commitKnown: false });
    assert.equal(hosting.sentry[0]?.fields.ref, deploy.commit);
    assert.equal(hosting.sentry[0]?.deploys.length, 1);
  });

  it("that refuses is told with what is missing", async () => {
    const refused = (change: object) => tellSentry({ ...place(), ...change }, deploy, SECOND);
    await assert.rejects(refused({ token: "other" }), fails(/does not accept SENTRY_AUTH_TOKEN/));
    await assert.rejects(refused({ organization: "other" }), fails(/knows no organization other/));
    await assert.rejects(
      refused({ projects: ["other"] }),
      fails(/refuses the release \(400 .*SENTRY_PROJECT \(other\)/),
    );
    hosting.fail(/^POST \/api\/0/, { status: 403, body: { detail: "You do not have permission" } }, 2);
    await assert.rejects(refused({}), fails(/needs the scope org:ci/));
  });
});

describe("tristack report", () => {
  it("tells Slack of a deploy, with a link to the run, and no secret", async () => {
    const file = join(folder, "deploy.json");
    writeFileSync(file, JSON.stringify({ ...outcome(false), warnings: ["hunter2-the-password"] }));
    const env = { ...hosting.env, GITHUB_RUN_ID: "12", TRISTACK_SECRET_A: "hunter2-the-password" };
    const args = ["report", "notice", "--deploy", file, "--stack", "production", "--version", "v2", "--json"];
    const { code, stdout, stderr } = await tristack(args, env);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { sent: true, title: "production: v2 did not pass, v1 serves" });
    const [message] = hosting.slack.map((one) => JSON.stringify(one));
    assert.match(message ?? "", /api-v2 never got healthy.*Warning: \[secret\].*actions\/runs\/12\|More/);
  }).timeout(PROCESSES);

  it("does nothing without a webhook or a token where that is optional", async () => {
    const off = { ...hosting.env, SLACK_WEBHOOK: "", SENTRY_AUTH_TOKEN: "" };
    const [slack, sentry] = await Promise.all([
      tristack(["report", "notice", "--text", "a", "--optional"], off),
      tristack(["report", "sentry", "--version", "v1", "--environment", "e", "--optional"], off),
    ]);
    assert.deepEqual([slack.code, slack.stdout], [0, "SLACK_WEBHOOK is not set: nobody is told."]);
    assert.deepEqual([sentry.code, sentry.stdout], [0, "SENTRY_AUTH_TOKEN is not set: Sentry is not told."]);
    assert.deepEqual(hosting.requests, []);
  }).timeout(PROCESSES);

  it("refuses bad input, all of it at once, and sends nothing", async () => {
    const cases: [string[], RegExp][] = [
      [
        ["comment", "--key", "dev"],
        /^--file: missing.*\n--pull-request: missing.*\nGITHUB_TOKEN: missing.*\nGITHUB_REPOSITORY: missing/,
      ],
      [["issue", "--key", "drift"], /^--title: missing.*\n--file: missing.*\nGITHUB_TOKEN/],
      [["issue", "--key", "drift", "--close"], /^GITHUB_TOKEN/],
      [["notice", "--deploy", "x"], /^--stack: missing.*\n--version: missing.*\nSLACK_WEBHOOK: missing/],
      [["notice", "--text", "a", "--optional", "--link", "x"], /^--link: x; needs a web address$/],
      [
        ["sentry", "--version", "a/b", "--environment", "."],
        /^--version: "a\/b".*\n--environment: ".".*\nSENTRY_AUTH_TOKEN.*\nSENTRY_ORG.*\nSENTRY_PROJECT/,
      ],
    ];
    for (const [args, message] of cases)
      await assert.rejects(
        withoutVariables(() => reportCommand().parseAsync(args, { from: "user" })),
        (error: unknown) => error instanceof CliError && error.exitCode === 2 && message.test(error.message),
        args.join(" "),
      );
    assert.deepEqual(hosting.requests, []);
  });

  it("ends with 2 for bad input, also where it is found before the command begins", async () => {
    const report = ["report", "comment", "--pull-request", "7", "--key"];
    const [empty, key, none] = await Promise.all([
      tristack([...report, "a", "--file", "-"], hosting.env, " \n"),
      tristack([...report, "a b", "--remove"], hosting.env),
      tristack(["report"], {}),
    ]);
    assert.deepEqual([empty.code, empty.stderr], [2, "error: --file: - is empty; needs Markdown"]);
    assert.equal(key.code, 2);
    assert.match(key.stderr, /'a b' is invalid.*needs letters/);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /Usage: tristack report/);
    assert.deepEqual(hosting.requests, []);
  }).timeout(PROCESSES);
});

/** Where the tests run, there may be variables of Actions. */
async function withoutVariables<T>(work: () => Promise<T>): Promise<T> {
  const names = Object.keys(process.env).filter((name) => /^(GITHUB|SENTRY|SLACK)_/.test(name));
  const kept = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  try {
    return await work();
  } finally {
    for (const [name, value] of kept) process.env[name] = value;
  }
}
