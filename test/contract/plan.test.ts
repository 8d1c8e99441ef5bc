/** Plans of real programs, run as `tristack plan` runs them, and of two commits of a real repository. */
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { stringify } from "yaml";
import { CliError } from "../../cli/errors.ts";
import { ignoredFiles, withCommit } from "../../cli/plan/other-commit.ts";
import { planJson } from "../../cli/plan/plan-json.ts";
import { planText } from "../../cli/plan/plan-text.ts";
import { replacementTable } from "../../cli/plan/replacement-table.ts";
import { type ComparedPlan, compared, plansOf } from "../../cli/plan/stack-plan.ts";
import { readProject } from "../../cli/project.ts";
import { usedTypes } from "../../toolchain/used-types.ts";
import { goodAccount, goodAws } from "../support/aws-settings.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "tristack-plan-test-")));
after(() => rmSync(folder, { recursive: true }));

const badInput = (message: RegExp) => (error: unknown) =>
  error instanceof CliError && error.exitCode === 2 && message.test(error.message);

describe("tristack plan", () => {
  const settings = join(folder, "settings");
  before(() => mkdirSync(settings));

  function write(stack: string, config: Record<string, unknown>): void {
    const own = Object.entries(config).map(([key, value]) => [`tristack:${key}`, value]);
    const text = stringify({ config: Object.fromEntries(own) as object });
    writeFileSync(join(settings, `Pulumi.${stack}.yaml`), text);
  }

  it("is the same to the byte each time", async () => {
    const command = [join(ROOT, "cli", "tristack.js"), "plan", "production", "--json"];
    const run = () =>
      execa(process.execPath, command, { stdin: "ignore", env: { PATH: "" }, extendEnv: false });
    const [one, other] = await Promise.all([run(), run()]);
    assert.equal(one.stdout, other.stdout);
    const { stacks } = JSON.parse(one.stdout) as ReturnType<typeof planJson>;
    assert.equal(stacks[0]?.standInRelease, true);
    const names = stacks[0]?.resources.map(({ name }) => name) ?? [];
    // What waits for the migration is there, too.
    for (const name of [/^postgres-data$/, /^api-any-[0-9a-f]{8}-1$/, /^web-any-[0-9a-f]{8}-0$/])
      assert.ok(
        names.some((one) => name.test(one)),
        String(name),
      );
  });

  it("needs no secret of a stack at AWS, shows none, and no path of this machine", async () => {
    write("aws", { ...goodAws(), release: undefined, secrets: { SECRET_KEY: { secure: "v1:hunter2" } } });
    const [plan] = await plansOf(readProject(), settings, ["aws"]);
    assert.equal(plan?.cost.monthlyUsd, 82.72);
    const text = JSON.stringify(planJson([plan], undefined));
    assert.match(text, /"secretString":"\[secret\]"/);
    assert.doesNotMatch(text, /hunter2|encrypted-|"generated"/);
    assert.ok(!text.includes(ROOT) && !text.includes(folder));
    assert.match(text, /"file":"run-task\.mjs","sha256":"[0-9a-f]{64}"/);
  });

  it("refuses what is wrong with any of the settings, all of it together", async () => {
    write("one", { ...goodAccount(), region: "nowhere" });
    write("two", { target: "vps" });
    const both = plansOf(readProject(), settings, ["one", "two", "three"]);
    await assert.rejects(
      both,
      badInput(
        /Pulumi\.one\.yaml has 1 problem[^]*region[^]*Pulumi\.two\.yaml has \d+ problems[^]*no settings file of a stack three/,
      ),
    );
  });

  it("knows of every resource what makes it anew", async () => {
    const types = Object.values(await usedTypes(join(ROOT, "components"))).flat();
    const { replacedBy } = replacementTable();
    assert.deepEqual(
      types.filter((type) => !(type in replacedBy)),
      [],
      "run: npm run replacements",
    );
    assert.deepEqual(
      Object.keys(replacedBy).filter((type) => !types.includes(type)),
      ["kubernetes:"],
    );
  });
});

describe("tristack plan --against", () => {
  const root = join(folder, "repository");
  const git = (...args: string[]) =>
    execa("git", ["-C", root, "-c", "user.name=a", "-c", "user.email=a@b", ...args]);
  /** A program of Docker's resources, without its SDK. */
  const program = (resources: string, before = "") => `
    import * as pulumi from "@pulumi/pulumi";
    const make = (kind: string, name: string, inputs: pulumi.Inputs) =>
      new pulumi.CustomResource("docker:index/" + kind.toLowerCase() + ":" + kind, name, inputs);
    export default function program() {
      const { KEY } = new pulumi.Config().requireSecretObject<{ KEY: string }>("secrets") as never as { KEY: string };
      ${before}
      ${resources}
    }`;
  const write = (name: string, text: string) => writeFileSync(join(root, name), text);
  const writeStack = (encrypted: string) =>
    write("Pulumi.one.yaml", stringify({ config: { "demo:secrets": { KEY: { secure: encrypted } } } }));
  const against = (ref: string): Promise<ComparedPlan[]> =>
    withCommit(root, ref, async (other) =>
      compared(await plansOf(readProject(root), root, ["one"]), readProject(root), root, other),
    );

  before(async () => {
    mkdirSync(root);
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
    write("package.json", '{ "type": "module" }');
    write(".gitignore", "node_modules\nPulumi.local.yaml\n");
    write("Pulumi.yaml", "name: demo\nruntime: nodejs\n");
    await git("init", "--quiet", "--initial-branch", "main");
    await git("add", ".");
    await git("commit", "--quiet", "--message", "without a program");
    write(
      "index.ts",
      program(`
      make("Volume", "data", { driver: "local" });
      make("Container", "web", { image: "web:1", restart: "no", envs: [pulumi.interpolate\`KEY=\${KEY}\`] });
      make("Container", "gone", {});`),
    );
    writeStack("v1:one");
    await git("add", ".");
    await git("commit", "--quiet", "--message", "before");
    await git("tag", "before");
    write("index.ts", program("", 'throw new pulumi.RunError("it was broken");'));
    await git("commit", "--quiet", "--all", "--message", "broken");
    write(
      "index.ts",
      program(`
      make("Volume", "data", { driver: "other" });
      make("Container", "web", { image: "web:1", restart: "always", envs: [pulumi.interpolate\`KEY=\${KEY}\`] });
      make("Container", "come", {});`),
    );
    writeStack("v1:two");
  });

  const left = () => readdirSync(tmpdir()).filter((name) => /^tristack-plan-(?!test-)/.test(name));

  it("compares with the other commit's own program and settings, and leaves the repository as it is", async () => {
    const there = left();
    const index = readFileSync(join(root, ".git", "index"));
    const [plan] = await against("before");
    assert.ok(plan);
    assert.equal(
      stripVTControlCharacters(planText(plan)),
      `one (undefined): 2 replaced, 1 deleted, 1 created, 0 unchanged
  nothing of it has a price of its own
  Data is lost: docker Volume data (replaced)
  ± replaced docker Volume data
      ~ driver: local -> other (replaces)
  ± replaced docker Container web
      ~ envs: [secret] -> [secret] (replaces)
      ~ restart: no -> always
  - deleted docker Container gone
  + created docker Container come`,
    );
    assert.deepEqual(left(), there);
    assert.deepEqual(readFileSync(join(root, ".git", "index")), index);
    assert.deepEqual((await git("worktree", "list")).stdout.split("\n").length, 1);
  });

  it("says of a commit without a program, or with one that fails, that it cannot be compared", async () => {
    const [[broken], [empty]] = await Promise.all([against("HEAD"), against("HEAD~2")]);
    assert.deepEqual(broken?.comparison, { problem: "it was broken" });
    assert.deepEqual(empty?.comparison, { problem: "it has no index.ts, and so no program" });
  });

  it("refuses a commit that is not there, and a folder that is in no repository", async () => {
    const never = () => Promise.reject(new Error("not to be called"));
    for (const ref of ["no-such", "--help", "before:index.ts", ""])
      await assert.rejects(
        withCommit(root, ref, never),
        badInput(/^--against: .*; needs a commit, branch or tag/),
      );
    await assert.rejects(
      withCommit(tmpdir(), "HEAD", never),
      badInput(/^--against: not a git repository.*needs a git/),
    );
  });

  it("removes the checkout where the work fails", async () => {
    const there = left();
    await assert.rejects(
      withCommit(root, "before", () => Promise.reject(new Error("the work"))),
      /the work/,
    );
    assert.deepEqual(left(), there);
  });

  it("leaves out settings that git is told to ignore", async () => {
    assert.deepEqual(await ignoredFiles(root, ["Pulumi.one.yaml", "Pulumi.local.yaml"]), [
      "Pulumi.local.yaml",
    ]);
    assert.deepEqual(await ignoredFiles(root, ["Pulumi.one.yaml"]), []);
  });
});
