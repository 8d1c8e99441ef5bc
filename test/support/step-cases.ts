/** What each script of the workflows is given in tests, and what has to come of it. */
import assert from "node:assert/strict";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Contexts } from "./expressions.ts";
import type { StepOptions, StepRan } from "./step-runner.ts";

export interface StepCase {
  readonly title: string;
  readonly options?: StepOptions;
  /** @default 0 */
  readonly exitCode?: number;
  /** Calls of commands, each as its words; those that are no more than asked are left out where undefined. */
  readonly calls?: readonly string[];
  readonly check?: (ran: StepRan) => void;
}

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
export const VERSION = COMMIT.slice(0, 12);
const DIGEST = (digit: string) => `sha256:${digit.repeat(64)}`;
const BASE = "f".repeat(40);

/** What GitHub knows of a run. */
const contexts: Contexts = {
  github: {
    repository: "acme/shop",
    repository_owner: "Acme",
    server_url: "https://github.com",
    run_id: 99,
    actor: "ann",
    token: "ghs_token",
    event: { pull_request: { number: 7, base: { sha: BASE }, head: { sha: COMMIT } } },
  },
  inputs: { stack: "production", release: "", commit: COMMIT },
  matrix: { stack: "staging", service: "api" },
  needs: {
    ci: { outputs: { version: VERSION, web: DIGEST("a"), api: DIGEST("b") } },
    images: { outputs: { version: VERSION, web: DIGEST("a"), api: DIGEST("b") } },
    staging: { outputs: { url: "https://staging.example.com" } },
    up: {
      result: "success",
      outputs: { url: "https://pr-7.example.com", expires: "2026-12-03T00:00:00.000Z" },
    },
    look: { result: "success" },
  },
  job: { status: "success" },
};

const changed = (more: Contexts): Contexts => ({
  ...contexts,
  ...Object.fromEntries(
    Object.entries(more).map(([name, value]) => [
      name,
      { ...(contexts[name] as object), ...(value as object) },
    ]),
  ),
});

/** A step that does no more than one call. */
const calls = (title: string, call: string, more: Partial<StepCase> = {}): StepCase => ({
  title,
  calls: [call],
  ...more,
});

/** Whatever the command says, its failure is the step's. */
const fails = (call: string, exitCode = 1, options: StepOptions = {}): StepCase => ({
  title: `fails as ${call.split(" ").slice(1, 4).join(" ")} does`,
  options: { ...options, answers: { [call]: { exitCode } } },
  exitCode,
});

const REPORT = "npx tristack report";
const cases: Record<string, readonly StepCase[]> = {
  "setup/Packages": [
    calls("installs what the lock file names", "npm ci --no-audit --no-fund"),
    fails("npm ci"),
  ],
  "setup/Pulumi": [
    calls("gets what the stack's target needs", "npm run toolchain -- --no-docker --stack pr-7", {
      options: { contexts: { inputs: { stack: "pr-7" } } },
    }),
  ],
  "setup/Key for the host": [
    {
      title: "is where ssh looks for it, for nobody else",
      options: { contexts: { inputs: { "ssh-key": "-----BEGIN\n$(id) `id`\nEND-----" } } },
      check: ({ home }) => {
        const file = join(home, ".ssh", "id_ed25519");
        assert.equal(readFileSync(file, "utf8"), "-----BEGIN\n$(id) `id`\nEND-----\n");
        assert.equal(lstatSync(file).mode & 0o777, 0o600);
        assert.equal(lstatSync(join(home, ".ssh")).mode & 0o777, 0o700);
      },
    },
    {
      title: "leaves the one that a runner has alone, and fails",
      options: {
        contexts: { inputs: { "ssh-key": "another" } },
        files: { "~/.ssh/id_ed25519": "the runner's own" },
      },
      exitCode: 1,
      check: ({ home }) =>
        assert.equal(readFileSync(join(home, ".ssh", "id_ed25519"), "utf8"), "the runner's own"),
    },
  ],
  "setup/Way to the cluster": [
    {
      title: "is where kubectl looks for it, for nobody else",
      options: { contexts: { inputs: { kubeconfig: "kind: Config" } } },
      check: ({ home }) => {
        const file = join(home, ".kube", "config");
        assert.equal(readFileSync(file, "utf8"), "kind: Config\n");
        assert.equal(lstatSync(file).mode & 0o777, 0o600);
      },
    },
  ],
  "setup/Registry": [
    {
      title: "is the first part of where the images are",
      options: { contexts: { inputs: { images: "1234.dkr.ecr.eu-central-1.amazonaws.com/shop" } } },
      check: ({ outputs }) => assert.deepEqual(outputs, { host: "1234.dkr.ecr.eu-central-1.amazonaws.com" }),
    },
    {
      title: "may be all of it",
      options: { contexts: { inputs: { images: "ghcr.io" } } },
      check: ({ outputs }) => assert.deepEqual(outputs, { host: "ghcr.io" }),
    },
  ],

  "ci/check/Format, lint, types, generated files": [
    calls("is npm's check", "npm run check"),
    fails("npm run check"),
  ],
  "ci/check/Workflows": [calls("is their tier of tests", "npm run test:e2e -- workflows")],
  "ci/test/Tests with coverage": [
    calls("are npm's", "npm run test:coverage"),
    fails("npm run test:coverage"),
  ],
  "ci/test/Coverage": [
    calls("stands in the summary", "npx c8 report --reporter=text-summary", {
      options: { answers: { npx: { says: "Statements: 91 %\n" } } },
      check: ({ summary }) => assert.equal(summary, "Statements: 91 %\n"),
    }),
  ],
  "ci/application/Types of the web": [
    {
      title: "are checked with its own packages",
      options: { files: { "examples/app/web/package.json": "{}" } },
      calls: ["npm ci --no-audit --no-fund", "npm run typecheck"],
    },
  ],
  "ci/application/Tests of the api": [
    {
      title: "run in an environment of their own",
      options: {
        standIns: ["python3"],
        files: { "examples/app/api/requirements-test.txt": "" },
        answers: { python3: { exitCode: 3 } },
      },
      exitCode: 3,
      check: ({ calls: [first = []] }) => assert.match(first.join(" "), /^python3 -m venv \/.*\/temp\/api$/),
    },
  ],
  "ci/integration/The stack comes up, serves and goes again": [
    calls("is a file of the tier docker", "npm run test:e2e -- docker start"),
  ],

  "images/image/Names": [
    {
      title: "are in small letters, and the tag is of the commit",
      options: { contexts },
      check: ({ outputs }) =>
        assert.deepEqual(outputs, { registry: "ghcr.io", repository: "ghcr.io/acme/api", version: VERSION }),
    },
    {
      title: "are where the variable IMAGES says",
      options: { contexts: changed({ vars: { IMAGES: "1234.dkr.ecr.eu-central-1.amazonaws.com/shop" } }) },
      check: ({ outputs }) => {
        assert.equal(outputs.registry, "1234.dkr.ecr.eu-central-1.amazonaws.com");
        assert.equal(outputs.repository, "1234.dkr.ecr.eu-central-1.amazonaws.com/shop/api");
      },
    },
  ],
  "images/image/Look whether it is there": [
    calls(
      "finds one that was pushed",
      `docker buildx imagetools inspect ghcr.io/acme/api:${VERSION} --format {{.Manifest.Digest}}`,
      {
        options: { contexts: named(), answers: { docker: { says: `${DIGEST("c")}\n` } } },
        check: ({ outputs }) => assert.deepEqual(outputs, { digest: DIGEST("c") }),
      },
    ),
    {
      title: "takes none for an image that is to be built",
      options: { contexts: named(), answers: { docker: { exitCode: 1 } } },
      check: ({ outputs }) => assert.deepEqual(outputs, { digest: "" }),
    },
  ],
  "images/image/Its digest": [
    {
      title: "is that of the image that was there",
      options: { contexts: named({ there: { outputs: { digest: DIGEST("c") } } }) },
      check: ({ outputs, summary }) => {
        assert.deepEqual(outputs, { api: DIGEST("c"), digest: DIGEST("c") });
        assert.equal(summary, `- \`api\`: \`${DIGEST("c")}\`\n`);
      },
    },
    {
      title: "is that of the build",
      options: {
        contexts: named({ there: { outputs: { digest: "" } }, build: { outputs: { digest: DIGEST("d") } } }),
      },
      check: ({ outputs }) => assert.deepEqual(outputs, { api: DIGEST("d"), digest: DIGEST("d") }),
    },
    {
      title: "fails where there is none: nothing would be scanned",
      options: { contexts: named({ build: { outputs: { digest: "" } } }) },
      exitCode: 1,
      check: ({ outputs }) => assert.deepEqual(outputs, {}),
    },
  ],

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

  ...Object.fromEntries(
    ["staging", "production"].flatMap((stack) => {
      const own: [string, StepCase[]][] = [
        [
          "Deploy",
          [
            calls(
              "brings the digests that were scanned, and keeps the proof",
              `npx tristack deploy ${stack} --version ${VERSION} --commit ${COMMIT}` +
                ` --digest web=${DIGEST("a")} --digest api=${DIGEST("b")} --json`,
              {
                options: {
                  contexts,
                  env: { GITHUB_SHA: COMMIT },
                  answers: { npx: { says: '{"passed": true}' } },
                },
                check: (ran) => assert.equal(ran.file("deploy.json"), '{"passed": true}'),
              },
            ),
            {
              title: "fails where it was taken back, with its proof",
              options: {
                contexts,
                env: { GITHUB_SHA: COMMIT },
                answers: { npx: { says: '{"passed": false}', exitCode: 1 } },
              },
              exitCode: 1,
              check: (ran) => assert.equal(ran.file("deploy.json"), '{"passed": false}'),
            },
          ],
        ],
        [
          "Its address",
          [
            calls("is the environment's", `npx tristack outputs ${stack} --json`, {
              options: { contexts, answers: { npx: { says: '{"urls": {"web": "https://example.com"}}' } } },
              check: ({ outputs }) => assert.deepEqual(outputs, { url: "https://example.com" }),
            }),
            fails("npx tristack outputs", 1, { contexts }),
          ],
        ],
        [
          "Release at Sentry",
          [
            calls(
              "is of the commit",
              `${REPORT} sentry --version ${VERSION} --environment ${stack} --commit ${COMMIT} --optional`,
              { options: { contexts, env: { GITHUB_SHA: COMMIT } } },
            ),
          ],
        ],
        [
          "Notice",
          [
            calls(
              "tells what became of it",
              `${REPORT} notice --deploy deploy.json --stack ${stack} --version ${VERSION} --optional`,
              { options: { contexts } },
            ),
          ],
        ],
      ];
      return own.map(([name, list]) => [`deploy/${stack}/${name}`, list]);
    }),
  ),
  "deploy/browser/A browser": [calls("is Playwright's", "npx playwright install --with-deps chromium")],
  "deploy/browser/Test staging": [
    calls("is npm's", "npm run test:browser", { options: { contexts } }),
    fails("npm run test:browser", 1, { contexts }),
  ],

  "rollback/rollback/Releases": [
    calls("stand in the log and in the summary", "npx tristack releases production", {
      options: { contexts, answers: { npx: { says: "v2  ann\nv1  ann\n" } } },
      check: (ran) => {
        assert.match(ran.all, /v2 {2}ann/);
        assert.equal(ran.summary, "    v2  ann\n    v1  ann\n");
      },
    }),
  ],
  "rollback/rollback/Rollback": [
    calls("without a release is to the one before", "npx tristack rollback production --json", {
      options: { contexts },
    }),
    calls("takes whatever was typed as one word", "npx tristack rollback production $(id) v1 --json", {
      options: { contexts: changed({ inputs: { release: "$(id) v1" } }) },
      check: ({ calls: [words = []] }) => assert.equal(words[4], "$(id) v1"),
    }),
    fails("npx tristack rollback", 1, { contexts }),
  ],
  "rollback/rollback/Notice": [
    calls(
      "tells who has gone back",
      `${REPORT} notice --text Rollback of production to the release before, by ann --status passed --optional`,
      { options: { contexts } },
    ),
    calls(
      "tells of one that failed",
      `${REPORT} notice --text Rollback of production to v1, by ann --status failed --optional`,
      {
        options: { contexts: changed({ inputs: { release: "v1" }, job: { status: "failure" } }) },
      },
    ),
  ],

  "backup/backup/Backup": [
    calls("is made now, and told", "npx tristack backup now staging", {
      options: { contexts, answers: { npx: { says: "20261126T014100Z: read back\n" } } },
      check: ({ summary }) => assert.equal(summary, "20261126T014100Z: read back\n"),
    }),
    fails("npx tristack backup now", 1, { contexts }),
  ],
  "backup/backup/Notice": [
    calls(
      "tells that there is none",
      `${REPORT} notice --text No backup of staging could be made --status failed --optional`,
      {
        options: { contexts },
      },
    ),
  ],
  "restore-drill/drill/Drill": [
    calls("restores the newest, and tells", "npx tristack backup drill staging", {
      options: { contexts, answers: { npx: { says: "can be restored\n" } } },
      check: ({ summary }) => assert.equal(summary, "can be restored\n"),
    }),
    fails("npx tristack backup drill", 1, { contexts }),
  ],
  "restore-drill/drill/Notice": [
    calls(
      "tells that it is none",
      `${REPORT} notice --text The newest backup of staging could not be restored --status failed --optional`,
      { options: { contexts } },
    ),
  ],

  "drift/look/Look": [
    calls("leaves a mark where there is none", "npx tristack drift staging --markdown", {
      options: { contexts, answers: { npx: { says: "### staging: no drift\n" } } },
      check: (ran) => {
        assert.equal(ran.file("drift/staging.none"), "");
        assert.equal(ran.file("drift/staging.md"), undefined);
      },
    }),
    {
      title: "keeps what was found, which is no failure",
      options: { contexts, answers: { npx: { says: "### staging: 1 changed\n", exitCode: 1 } } },
      check: (ran) => assert.equal(ran.file("drift/staging.md"), "### staging: 1 changed\n"),
    },
    {
      title: "says so where it could not look",
      options: { contexts, answers: { npx: { exitCode: 1 } } },
      check: (ran) =>
        assert.equal(
          ran.file("drift/staging.md"),
          "### staging\n\nIt could not be looked at: the run says why.\n",
        ),
    },
  ],
  "drift/tell/Open, update or close the issue": [
    calls("closes it where nothing differs", `${REPORT} issue --key drift --close`, {
      options: { contexts, files: { "drift/staging.none": "" } },
    }),
    calls(
      "has in it what differs anywhere",
      `${REPORT} issue --key drift --title What runs is not what the stacks say --file drift.md --label drift`,
      {
        options: { contexts, files: { "drift/production.md": "a\n", "drift/staging.md": "b\n" } },
        check: (ran) => assert.equal(ran.file("drift.md"), "a\nb\n"),
      },
    ),
    {
      title: "is not closed while a stack could not be looked at",
      options: {
        contexts: changed({ needs: { look: { result: "failure" } } }),
        files: { "drift/staging.none": "" },
      },
      check: (ran) =>
        assert.equal(ran.file("drift.md"), "Not every stack could be looked at: the run says why.\n"),
    },
  ],
};

export default cases;

/** Contexts after the step that makes the names. */
function named(more: object = {}): Contexts {
  const outputs = { registry: "ghcr.io", repository: "ghcr.io/acme/api", version: VERSION };
  return { ...contexts, steps: { names: { outputs }, ...more } };
}
