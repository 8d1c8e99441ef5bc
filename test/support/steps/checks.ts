/** Scripts of setup, ci and images. */
import assert from "node:assert/strict";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type StepCase, VERSION, DIGEST, contexts, changed, calls, fails, named } from "./contexts.ts";

export const checks: Record<string, readonly StepCase[]> = {
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
};
