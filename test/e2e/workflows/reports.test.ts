/** Scripts of the workflows that tell of something, with the real `tristack report` and a stand-in of GitHub, Slack and Sentry. */
import assert from "node:assert/strict";
import { HostingStandIn } from "../../support/hosting-stand-in.ts";
import { changed } from "../../support/steps/contexts.ts";
import { type StepOptions, type StepRan, removeSteps, runStep } from "../../support/step-runner.ts";

describe("scripts of the workflows that tell of something", () => {
  let hosting: HostingStandIn;

  beforeEach(async () => {
    hosting = await HostingStandIn.open({ longestPage: 10 });
    hosting.pullRequest(7);
  });
  afterEach(() => hosting?.close());
  after(removeSteps);

  async function tell(key: string, options: StepOptions = {}): Promise<StepRan> {
    const { GITHUB_API_URL = "", GITHUB_REPOSITORY = "", ...secrets } = hosting.env;
    const github = { token: secrets.GITHUB_TOKEN };
    const vars = { SENTRY_URL: hosting.url, SENTRY_ORG: "acme", SENTRY_PROJECT: "shop" };
    const ran = await runStep(key, {
      standIns: [],
      ownCommand: true,
      env: { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567" },
      ...options,
      contexts: changed({ github, vars, secrets, ...options.contexts }),
    });
    return ran;
  }

  it("leave one comment for each stack, whatever is pushed and however many there are", async () => {
    for (let number = 1; number <= 35; number += 1) hosting.comment(7, `dev and dev-tokyo, ${number}`);
    const bodies = () =>
      hosting
        .commentsOf(7)
        .slice(35)
        .map(({ body }) => body);
    for (const push of [1, 2, 3]) {
      const files = {
        "plans/dev.md": `plan ${push} of dev\n`,
        "plans/dev-tokyo.md": `plan ${push} of dev-tokyo\n`,
      };
      const ran = await tell("preview/comment/One comment for each stack", { files });
      assert.equal(ran.exitCode, 0, ran.all);
      const own = bodies();
      assert.equal(own.length, 2);
      assert.equal(own.filter((body) => new RegExp(`plan ${push} of dev$`, "m").test(body)).length, 1);
      assert.equal(own.filter((body) => new RegExp(`plan ${push} of dev-tokyo$`, "m").test(body)).length, 1);
    }
    const both = await tell("preview/engine-comment/Both in one comment", {
      files: { "plans/dev.md": "plan 3 of dev\n", "engine/dev.md": "by the engine\n" },
    });
    assert.equal(both.exitCode, 0, both.all);
    assert.equal(bodies().length, 2);
    assert.ok(bodies().some((body) => body.includes("plan 3 of dev\nby the engine")));
  });

  it("fail where the token only reads", async () => {
    hosting.state.permissions.pullRequests = "read";
    hosting.state.permissions.issues = "read";
    const ran = await tell("preview/comment/One comment for each stack", {
      files: { "plans/dev.md": "plan\n" },
    });
    assert.equal(ran.exitCode, 1, ran.all);
  });

  it("tell where an environment is, and take it back", async () => {
    const told = await tell("environment/tell/Comment");
    assert.equal(told.exitCode, 0, told.all);
    assert.match(hosting.commentsOf(7)[0]?.body ?? "", /runs at https:\/\/pr-7\.example\.com until/);
    const removed = await tell("environment/forget/Remove the comment");
    assert.equal(removed.exitCode, 0, removed.all);
    assert.deepEqual(hosting.commentsOf(7), []);
  });

  it("keep one issue of drift, and close it when there is none", async () => {
    const key = "drift/tell/Open, update or close the issue";
    for (const found of ["1 changed", "2 changed"]) {
      const ran = await tell(key, { files: { "drift/staging.md": `### staging: ${found}\n` } });
      assert.equal(ran.exitCode, 0, ran.all);
      assert.equal(hosting.issues.length, 1);
      assert.match(hosting.issues[0]?.body ?? "", new RegExp(found));
      assert.equal(hosting.issues[0]?.state, "open");
    }
    const none = await tell(key, { files: { "drift/staging.none": "" } });
    assert.equal(none.exitCode, 0, none.all);
    assert.deepEqual(
      hosting.issues.map(({ state }) => state),
      ["closed"],
    );
  });

  it("tell Sentry of a release, and Slack of deploys, rollbacks and backups that failed", async () => {
    const release = await tell("deploy/staging/Release at Sentry");
    assert.equal(release.exitCode, 0, release.all);
    assert.deepEqual(
      hosting.sentry.map(({ version }) => version),
      ["0123456789ab"],
    );
    for (const [key, files] of [
      ["deploy/staging/Notice", {}],
      ["rollback/rollback/Notice", {}],
      ["backup/backup/Notice", {}],
      ["restore-drill/drill/Notice", {}],
    ] as const) {
      const before = hosting.slack.length;
      const ran = await tell(key, { files });
      assert.equal(ran.exitCode, 0, ran.all);
      assert.equal(hosting.slack.length, before + 1, key);
    }
  });

  it("say nothing, and do not fail, where neither is set up", async () => {
    const secrets = { SLACK_WEBHOOK: "", SENTRY_AUTH_TOKEN: "" };
    for (const key of [
      "deploy/production/Release at Sentry",
      "deploy/production/Notice",
      "backup/backup/Notice",
    ]) {
      const ran = await tell(key, { contexts: { secrets } });
      assert.equal(ran.exitCode, 0, `${key}: ${ran.all}`);
    }
    assert.deepEqual([hosting.slack, hosting.sentry], [[], []]);
  });
});
