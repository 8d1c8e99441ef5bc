/**
 * Every script of the workflows is run, and what comes of it asserted. Here in place of `npx`, `npm` and `docker` are stand-ins,
 * which note what they were asked; test/e2e/workflows and test/e2e/docker/workflows.test.ts run the same scripts with the real ones.
 */
import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { cases } from "../support/step-cases.ts";
import { refusalOf } from "../support/pipeline-commands.ts";
import { keysOfScripts, removeSteps, runStep } from "../support/step-runner.ts";
import { steps } from "../support/workflows.ts";

after(removeSteps);

describe("scripts of the workflows", () => {
  it("each have a name of their own, and a case here", () => {
    assert.equal(new Set(keysOfScripts).size, keysOfScripts.length);
    assert.deepEqual(Object.keys(cases).sort(), [...keysOfScripts].sort());
  });

  for (const [key, list] of Object.entries(cases))
    describe(key, () => {
      for (const { title, options = {}, exitCode = 0, calls, check } of list)
        it(title, async () => {
          const ran = await runStep(key, options);
          assert.equal(ran.exitCode, exitCode, ran.all);
          if (calls)
            assert.deepEqual(
              ran.calls.map((words) => words.join(" ")),
              calls,
            );
          check?.(ran);
          for (const [command, name, ...words] of ran.calls)
            if (command === "npx" && name === "tristack") assert.equal(await refusalOf(words), undefined);
        });
    });

  it("get no secret that they have no use for", () => {
    const known: Record<string, RegExp> = {
      PULUMI_ACCESS_TOKEN:
        /tristack (deploy|outputs|rollback|releases|backup|drift|environment)|pulumi preview/,
      PULUMI_CONFIG_PASSPHRASE:
        /tristack (deploy|outputs|rollback|releases|backup|drift|environment)|pulumi preview/,
      SLACK_WEBHOOK: /report notice/,
      SENTRY_AUTH_TOKEN: /report sentry/,
      GITHUB_TOKEN: /report (comment|issue)/,
      GH_TOKEN: /gh pr list/,
    };
    for (const { key, step } of steps)
      for (const [name, needed] of Object.entries(known))
        if (step.env?.[name] !== undefined) assert.match(step.run ?? "", needed, `${key}: ${name}`);
  });
});

describe("what the command line takes", () => {
  it("is told apart from what it does not", async () => {
    assert.equal(await refusalOf(["deploy", "staging", "--version", "v1", "--json"]), undefined);
    assert.match((await refusalOf(["deploy", "staging"])) ?? "", /--version/);
    assert.match(
      (await refusalOf(["deploy", "staging", "--version", "v1", "--digest", "web=latest"])) ?? "",
      /digest/,
    );
    assert.match((await refusalOf(["rollback", "staging", "--markdown"])) ?? "", /unknown option/);
    assert.match((await refusalOf(["redeploy", "staging"])) ?? "", /unknown command/);
  });
});
