/**
 * Scripts of the workflows with the real npm, git and `tristack`, in a fresh clone: those that need no engine. The others,
 * with a stack on a real Docker Engine, are in ../docker/workflows.test.ts.
 */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { firstClone, newClone } from "../../support/e2e-clone.ts";
import { environment, run, succeeded } from "../../support/e2e-command.ts";
import { type StepOptions, removeSteps, runStep } from "../../support/step-runner.ts";

const TIMEOUT = { timeoutSeconds: 900 };

describe("scripts of the workflows, without an engine", () => {
  let root: string;
  const git = async (...args: string[]) =>
    succeeded(
      await run("git", ["-c", "user.name=e2e", "-c", "user.email=e2e@localhost", ...args], { cwd: root }),
    ).stdout.trim();
  const real = (more: StepOptions = {}): StepOptions => ({
    standIns: [],
    workspace: root,
    env: { ...environment(), CI: "true" },
    ...TIMEOUT,
    ...more,
  });

  before(async () => {
    await firstClone();
    ({ root } = await newClone("scripts"));
  });
  after(removeSteps);

  it("setup/Packages installs them", async () => {
    rmSync(join(root, "node_modules"), { recursive: true });
    const ran = await runStep("setup/Packages", real());
    assert.equal(ran.exitCode, 0, ran.all);
    assert.ok(existsSync(join(root, "node_modules", ".bin", "tristack")));
  });

  it("preview/plan/Plan of each stack tells what a pull request changes, in each stack and nowhere else", async () => {
    const base = await git("rev-parse", "HEAD");
    const file = join(root, "Pulumi.production.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace("replicas: 2", "replicas: 3"));
    await git("commit", "--quiet", "--all", "--no-verify", "-m", "Three of them");
    const contexts = { github: { event: { pull_request: { base: { sha: base } } } } };
    const ran = await runStep("preview/plan/Plan of each stack", real({ contexts }));
    assert.equal(ran.exitCode, 0, ran.all);
    const production = ran.file("plans/production.md") ?? "";
    assert.match(production, /### `production` \(vps\)/);
    assert.match(production, /\*\*created\*\* .*web/);
    assert.match(ran.file("plans/staging.md") ?? "", /0 changes \(\d+ unchanged\)/);
    assert.ok(ran.summary.includes(production));
  });

  it("preview/plan/Plan of each stack fails where a stack cannot be compared, and says so in its comment", async () => {
    const contexts = { github: { event: { pull_request: { base: { sha: "no-such-commit" } } } } };
    rmSync(join(root, "plans"), { recursive: true });
    const ran = await runStep("preview/plan/Plan of each stack", real({ contexts }));
    assert.equal(ran.exitCode, 1, ran.all);
    assert.match(ran.all, /no-such-commit/);
  });

  it("setup/Pulumi finds what the stack's target needs", async () => {
    const inputs = { stack: "production" };
    const ran = await runStep(
      "setup/Pulumi",
      real({ contexts: { inputs }, env: { ...environment(), HOME: process.env.HOME ?? "" } }),
    );
    assert.equal(ran.exitCode, 0, ran.all);
    assert.match(ran.all, /pulumi-resource-docker/);
  });
});
