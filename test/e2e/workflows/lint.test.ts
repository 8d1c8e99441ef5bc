/** The workflows before their judges: https://github.com/rhysd/actionlint (with shellcheck) and https://zizmor.sh, nothing left out but by .github/zizmor.yml. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY, type Ran, run } from "../../support/e2e-command.ts";
import { scratch } from "../../support/e2e-clone.ts";
import { goTool } from "../../support/e2e-go-tool.ts";
import { pythonTool } from "../../support/e2e-python.ts";

const ACTIONLINT = "v1.7.12";

describe("lint of the workflows", () => {
  let actionlint: string;
  let zizmor: string;
  let shellcheck: string;
  /** A repository of nothing but .github, for what has been broken on purpose. */
  let broken: string;

  before(async () => {
    actionlint = await goTool("github.com/rhysd/actionlint/cmd/actionlint", ACTIONLINT);
    shellcheck = await pythonTool("shellcheck");
    zizmor = await pythonTool("zizmor");
    const versions = await Promise.all(
      [zizmor, shellcheck].map((tool) => run(tool, ["--version"], { cwd: REPOSITORY })),
    );
    console.log(
      `      actionlint ${ACTIONLINT}, ${versions.map(({ stdout }) => stdout.replaceAll("\n", " ")).join(", ")}`,
    );
    broken = join(await scratch(), "broken");
    mkdirSync(broken, { recursive: true });
    cpSync(join(REPOSITORY, ".github"), join(broken, ".github"), { recursive: true });
    await run("git", ["init", "--quiet", broken], { cwd: broken });
  });

  const judges: Record<string, (cwd: string) => Promise<Ran>> = {
    // No pyflakes: there is no Python in them.
    actionlint: (cwd) => run(actionlint, ["-no-color", "-shellcheck", shellcheck, "-pyflakes", ""], { cwd }),
    // The strictest of its three; without GitHub, which is asked for nothing that a pinned commit would not say.
    zizmor: (cwd) => run(zizmor, ["--offline", "--no-progress", "--persona=auditor", ".github"], { cwd }),
  };

  for (const [name, judge] of Object.entries(judges)) {
    it(`${name} finds nothing`, async () => {
      const ran = await judge(REPOSITORY);
      assert.equal(ran.exitCode, 0, ran.all);
    });

    it(`${name} finds what is wrong, so that nothing found means something`, async () => {
      const file = join(broken, ".github", "workflows", "backup.yml");
      const text = readFileSync(file, "utf8");
      try {
        const script = "run: npx tristack backup now ${{ github.event.head_commit.message }} $STACK";
        writeFileSync(file, text.replace(/run: npx tristack backup now.*/, script));
        const ran = await judge(broken);
        assert.notEqual(ran.exitCode, 0);
        assert.match(ran.all, name === "zizmor" ? /template-injection/ : /potentially untrusted|SC2086/);
      } finally {
        writeFileSync(file, text);
      }
    });
  }
});
