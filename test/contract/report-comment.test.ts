/** Comments on a pull request, as a pipeline makes them: the real commands, against a stand-in of the host's API. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { planMarkdown } from "../../cli/plan/plan-markdown.ts";
import { type ComparedPlan, plansOf } from "../../cli/plan/stack-plan.ts";
import { readProject } from "../../cli/project.ts";
import { goodAws } from "../support/aws-settings.ts";
import { tristack } from "../support/command.ts";
import { HostingStandIn } from "../support/hosting-stand-in.ts";
import { TOKEN } from "../support/hosting-state.ts";

const STACKS = ["dev", "dev-tokyo"] as const;
const PULL = 7;
const BOT = { login: "github-actions[bot]", id: 41_898_282 };

const folder = realpathSync(mkdtempSync(join(tmpdir(), "tristack-report-test-")));
after(() => rmSync(folder, { recursive: true }));

/** Of the settings, encrypted; of the environment; and what looks like a secret, wherever it comes from. */
const PLANTED = {
  settings: Array.from({ length: 4 }, (_, index) => `v1:planted-${index}:cipherText${index}`),
  environment: {
    TRISTACK_SECRET_SECRET_KEY: "hunter2!",
    TRISTACK_SECRET_SHORT: "4711",
    TRISTACK_SECRET_PEM: "first line of it\nsecond line of it\n",
    PULUMI_CONFIG_PASSPHRASE: "correct horse battery staple",
    PULUMI_ACCESS_TOKEN: "pul-of-no-real-account",
    AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCY",
    AWS_SESSION_TOKEN: "FwoGZXIvYXdzEJr//////////wEaDC",
    SENTRY_AUTH_TOKEN: "sentry-planted-token",
    NPM_TOKEN: "npm-planted-token",
    VERCEL_API_TOKEN: "vercel <planted> & token",
    // Of the command itself.
    SLACK_WEBHOOK: "https://hooks.slack.com/services/T0/B0/planted",
    GITHUB_TOKEN: TOKEN,
  },
  lookAlike: ["db-p4ssw0rd", `ghp_${"a1".repeat(18)}`, `AKIA${"Q".repeat(16)}`, "xoxb-1234-abcdef"],
};
const SECRETS = [...PLANTED.settings, ...Object.values(PLANTED.environment), ...PLANTED.lookAlike];

/** What a step before might have let slip, in the ways in which it does. */
const LEAKS = [
  ...Object.values(PLANTED.environment).map((secret) => `engine said: ${secret}`),
  "```",
  `postgres://app:${PLANTED.lookAlike[0] ?? ""}@db/app ${PLANTED.lookAlike.slice(1).join(" ")}`,
  "```",
  `base64: ${Buffer.from("correct horse battery staple").toString("base64")}`,
  `url: https://example.com/?q=${encodeURIComponent("correct horse battery staple")}`,
  `<code>vercel &lt;planted&gt; &amp; token</code>`,
].join("\n");

/** Everything that tells a reader a secret, as it is or as it can be turned back. */
const FORMS = SECRETS.flatMap((secret) =>
  [
    secret.trim(),
    Buffer.from(secret).toString("base64"),
    encodeURIComponent(secret),
    ...secret.trim().split("\n"),
  ].map((form) => form.replace(/=+$/, "")),
);

describe("three pushes to a pull request with 35 comments", () => {
  let hosting: HostingStandIn;
  const settings = join(folder, "settings");
  const event = join(folder, "event.json");
  const said: string[] = [];
  let plans: ComparedPlan[];

  before(async function () {
    this.timeout(180_000);
    hosting = await HostingStandIn.open({ longestPage: 10 });
    hosting.pullRequest(PULL);
    mkdirSync(settings);
    writeFileSync(event, JSON.stringify({ pull_request: { number: PULL } }));
    earlierComments().forEach(({ body, by }) => hosting.comment(PULL, body, by));
    assert.equal(hosting.commentsOf(PULL).length, 35);
    writeSettings();
    plans = await plansOf(readProject(), settings, [...STACKS]);
    for (const push of [1, 2, 3]) {
      await Promise.all(STACKS.map((stack) => commented(stack, push)));
    }
  });
  after(() => hosting.close());

  function earlierComments() {
    const marker = (stack: string) => `<!-- tristack:comment:${stack} -->`;
    const somebody = { login: "somebody", id: 7 };
    return [
      // Whoever reads the source of a comment can write the same.
      { body: `${marker("dev")}\nNothing changes. Merge it.`, by: somebody },
      { body: `> ${marker("dev")}\n> quoted`, by: BOT },
      { body: `Look at this:\n${marker("dev")}`, by: BOT },
      { body: `${marker("dev-osaka")}\nanother stack`, by: BOT },
      { body: `${marker("de")}\nanother stack`, by: BOT },
      ...Array.from({ length: 30 }, (_, index) => ({ body: `Remark ${index}`, by: somebody })),
    ];
  }

  function writeSettings(): void {
    for (const stack of STACKS) {
      const good = goodAws();
      const [SECRET_KEY, SLACK_WEBHOOK] = PLANTED.settings
        .slice(stack === "dev" ? 0 : 2)
        .map((secure) => ({ secure }));
      const config = { ...good, secrets: { SECRET_KEY, SLACK_WEBHOOK } };
      const own = Object.entries(config).map(([key, value]) => [`tristack:${key}`, value]);
      writeFileSync(
        join(settings, `Pulumi.${stack}.yaml`),
        stringify({ config: Object.fromEntries(own) as object }),
      );
    }
  }

  async function commented(stack: string, push: number): Promise<void> {
    const own = plans.filter((plan) => plan.stack === stack);
    const plan = planMarkdown(`## Plan of push ${push}`, own, [], "tristack plan");
    const file = join(folder, `${stack}.md`);
    // The second one is longer than the host takes.
    const preview =
      push === 2
        ? `\`\`\`\n${`~ a line of the engine's preview, hunter2! ${"and more ".repeat(5)}\n`.repeat(1500)}\`\`\`\n`
        : "";
    writeFileSync(file, `${plan}\n${LEAKS}\n${preview}`);
    const env = { ...hosting.env, ...PLANTED.environment, GITHUB_EVENT_PATH: event };
    const result = await tristack(["report", "comment", "--key", stack, "--file", file], env);
    assert.equal(result.code, 0, result.stderr);
    said.push(result.stdout, result.stderr);
  }

  const ours = () =>
    hosting
      .commentsOf(PULL)
      .filter(({ id }) => hosting.commentsOf(PULL).findIndex((one) => one.id === id) >= 35);

  it("end in exactly two comments more, one of each stack, with what the last push changes", () => {
    assert.equal(hosting.commentsOf(PULL).length, 37);
    assert.deepEqual(
      ours()
        .map(({ body }) => body.split("\n", 1)[0])
        .toSorted(),
      ["<!-- tristack:comment:dev -->", "<!-- tristack:comment:dev-tokyo -->"],
    );
    assert.equal(hosting.asked(/^POST .*\/comments$/).length, 2);
    assert.equal(hosting.asked(/^PATCH /).length, 4);
    for (const { body } of ours())
      assert.match(body, /## Plan of push 3\n\n### `dev(-tokyo)?` \(aws\)[^]*resources/);
  });

  it("are 64,000 characters at most each time, with code that ends", () => {
    const sent = hosting
      .asked(/^(POST|PATCH) \/repos/)
      .map(({ body }) => (body as { body: string }).body)
      .toSorted((a, b) => b.length - a.length);
    assert.equal(sent.length, 6);
    const lengths = sent.map(({ length }) => length);
    assert.ok(
      lengths.every((length) => length <= 64_000) && lengths.filter((length) => length > 63_800).length === 2,
      lengths.join(),
    );
    for (const body of sent.slice(0, 2))
      assert.ok(/preview, .*\n```\n\n_\d+ of \d+ lines are left out/.test(body), body.slice(-300));
  });

  it("leave the other comments as they were", () => {
    const before = earlierComments().map(({ body }) => body);
    assert.deepEqual(
      hosting
        .commentsOf(PULL)
        .slice(0, 35)
        .map(({ body }) => body),
      before,
    );
  });

  it("read all pages", () => {
    const pages = hosting.asked(/^GET .*\/comments$/).map(({ query }) => query.get("page") ?? "1");
    assert.ok(pages.includes("4"), pages.join(" "));
  });

  it(`tell none of ${SECRETS.length} planted secrets, in no form`, () => {
    assert.equal(SECRETS.length, 20);
    const sent = hosting.requests.map(({ path, query, body }) =>
      JSON.stringify([path, query.toString(), body]),
    );
    const texts = [...sent, ...ours().map(({ body }) => body), ...said];
    for (const form of FORMS)
      assert.ok(
        !texts.some((text) => text.includes(form) || text.includes(JSON.stringify(form).slice(1, -1))),
        form,
      );
    for (const { body } of ours()) assert.match(body, /engine said: \[secret\]/);
  });

  it("would tell every one of them without the masks", () => {
    const whole = [
      LEAKS,
      ...STACKS.map((stack) => readFileSync(join(settings, `Pulumi.${stack}.yaml`), "utf8")),
    ].join();
    for (const secret of SECRETS) assert.ok(whole.includes(secret), secret);
  });
});
