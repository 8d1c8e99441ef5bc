/** Scripts of preview and environment. */
import assert from "node:assert/strict";
import {
  type StepCase,
  COMMIT,
  VERSION,
  DIGEST,
  BASE,
  contexts,
  changed,
  calls,
  fails,
  REPORT,
} from "./contexts.ts";

export const pullRequests: Record<string, readonly StepCase[]> = {
  "preview/plan/Plan of each stack": [
    {
      title: "is a file and a part of the summary for each, and one that fails stops no other",
      options: {
        contexts,
        standIns: ["npx", "git"],
        answers: {
          "git ls-files": { says: "Pulumi.dev-tokyo.yaml\nPulumi.dev.yaml\n" },
          "npx tristack plan dev --": { says: "plan of dev\n" },
          "npx tristack plan dev-tokyo --": { says: "not compared\n", exitCode: 1 },
        },
      },
      exitCode: 1,
      calls: [
        "git ls-files Pulumi.*.yaml",
        `npx tristack plan dev-tokyo --against ${BASE} --markdown`,
        `npx tristack plan dev --against ${BASE} --markdown`,
      ],
      check: (ran) => {
        assert.equal(ran.file("plans/dev.md"), "plan of dev\n");
        assert.equal(ran.file("plans/dev-tokyo.md"), "not compared\n");
        assert.equal(ran.summary, "not compared\nplan of dev\n");
      },
    },
  ],
  "preview/comment/One comment for each stack": [
    {
      title: "by the stack's name",
      options: { contexts, files: { "plans/dev.md": "a", "plans/dev-tokyo.md": "b" } },
      calls: [
        `${REPORT} comment --key dev-tokyo --file plans/dev-tokyo.md --pull-request 7`,
        `${REPORT} comment --key dev --file plans/dev.md --pull-request 7`,
      ],
    },
    fails(`${REPORT} comment`, 1, { contexts, files: { "plans/dev.md": "a" } }),
  ],
  "preview/engine/Preview": [
    calls(
      "is told whole",
      "npx pulumi preview --stack staging --policy-pack policy --non-interactive --color never",
      {
        options: { contexts, answers: { npx: { says: "Resources:\n    12 unchanged\n" } } },
        check: (ran) => {
          assert.equal(
            ran.file("engine/staging.md"),
            "\n### staging, by the engine\n\n    Resources:\n        12 unchanged\n",
          );
          assert.equal(ran.summary, ran.file("engine/staging.md"));
        },
      },
    ),
    {
      title: "is told where a rule is broken, and fails",
      options: {
        contexts,
        answers: { npx: { says: "Policies:\n    mandatory: rds-storage-encrypted\n", exitCode: 255 } },
      },
      exitCode: 255,
      check: (ran) => assert.match(ran.file("engine/staging.md") ?? "", /mandatory: rds-storage-encrypted/),
    },
  ],
  "preview/engine-comment/Both in one comment": [
    calls("goes into the stack's own", `${REPORT} comment --key dev --file comment.md --pull-request 7`, {
      options: {
        contexts,
        files: { "plans/dev.md": "plan\n", "plans/dev-tokyo.md": "other\n", "engine/dev.md": "preview\n" },
      },
      check: (ran) => assert.equal(ran.file("comment.md"), "plan\npreview\n"),
    }),
  ],

  "environment/up/Up": [
    calls(
      "brings the version, and tells where",
      `npx tristack environment up --pull-request 7 --version ${VERSION} --commit ${COMMIT}` +
        ` --digest web=${DIGEST("a")} --digest api=${DIGEST("b")} --json`,
      {
        options: {
          contexts,
          answers: {
            npx: { says: '{"url": "https://pr-7.example.com", "expiresAt": "2026-12-03T00:00:00.000Z"}' },
          },
        },
        check: ({ outputs }) =>
          assert.deepEqual(outputs, { url: "https://pr-7.example.com", expires: "2026-12-03T00:00:00.000Z" }),
      },
    ),
    fails("npx tristack environment up", 1, { contexts }),
  ],
  "environment/tell/Comment": [
    calls("has the address", `${REPORT} comment --key environment --file comment.md --pull-request 7`, {
      options: { contexts },
      check: (ran) =>
        assert.equal(
          ran.file("comment.md"),
          `Version ${VERSION} runs at https://pr-7.example.com until 2026-12-03T00:00:00.000Z.\n`,
        ),
    }),
    calls(
      "has the run of one that failed",
      `${REPORT} comment --key environment --file comment.md --pull-request 7`,
      {
        options: {
          contexts: changed({
            needs: { images: { outputs: { version: VERSION } }, up: { result: "failure", outputs: {} } },
          }),
        },
        check: (ran) =>
          assert.equal(
            ran.file("comment.md"),
            `Version ${VERSION} did not come up: [the run](https://github.com/acme/shop/actions/runs/99) says why.\n`,
          ),
      },
    ),
  ],
  "environment/down/Down": [
    calls("destroys the pull request's own", "npx tristack environment down pr-7 --if-exists", {
      options: { contexts },
    }),
    fails("npx tristack environment down", 1, { contexts }),
  ],
  "environment/forget/Remove the comment": [
    calls("that told of it", `${REPORT} comment --key environment --remove --pull-request 7`, {
      options: { contexts },
    }),
  ],
  "environment/sweep/Sweep": [
    {
      title: "destroys what is due, and shows the rest",
      options: {
        contexts,
        standIns: ["gh", "npx"],
        env: { GITHUB_REPOSITORY: "acme/shop" },
        answers: {
          "gh pr list": { says: "8\n9\n" },
          "npx tristack environment list": { says: "pr-8  https://pr-8.example.com\n" },
        },
      },
      calls: [
        "gh pr list --repo acme/shop --state open --limit 10000 --json number --jq .[].number",
        "npx tristack environment sweep --open -",
        "npx tristack environment list",
      ],
      check: (ran) => {
        assert.equal(ran.file("open.txt"), "8\n9\n");
        assert.match(ran.summary, /pr-8/);
      },
    },
    {
      title: "destroys nothing where the list of open ones cannot be had",
      options: {
        contexts,
        standIns: ["gh", "npx"],
        env: { GITHUB_REPOSITORY: "acme/shop" },
        answers: { gh: { exitCode: 1 } },
      },
      exitCode: 1,
      calls: ["gh pr list --repo acme/shop --state open --limit 10000 --json number --jq .[].number"],
    },
  ],
};
