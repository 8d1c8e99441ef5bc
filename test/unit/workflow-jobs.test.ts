/** Which jobs of the pipeline run when: their conditions, evaluated by GitHub's own library. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { evaluate } from "../support/expressions.ts";
import { type Result, resultsOf, workflow } from "../support/workflows.ts";

function pullRequest(from: string, who: string, action = "synchronize") {
  const head = { sha: "a".repeat(40), repo: { full_name: from } };
  return {
    repository: "acme/shop",
    event_name: "pull_request",
    event: { action, pull_request: { number: 7, head, user: { login: who } } },
  };
}

function ran(results: Record<string, Result>): string[] {
  return Object.keys(results).filter((id) => results[id] !== "skipped");
}

const BOTH = { STACKS: '["staging", "production"]' };

describe("a deploy", () => {
  const deploy = workflow("deploy");
  const push = (ref: string, vars: object, ends: Record<string, Result> = {}) =>
    ran(resultsOf(deploy, { github: { ref: `refs/heads/${ref}`, event_name: "push" }, vars }, ends));

  it("checks alone where no stack is named", () => {
    assert.deepEqual(push("main", {}), ["ci"]);
    assert.deepEqual(push("release/1.4", {}), ["ci"]);
  });

  it("of main ends at staging and the browser", () =>
    assert.deepEqual(push("main", BOTH), ["ci", "staging", "browser"]));

  it("of main goes on where PROMOTE says so", () =>
    assert.deepEqual(push("main", { ...BOTH, PROMOTE: "true" }), ["ci", "staging", "browser", "production"]));

  it("of release/* reaches production: its job can run", () => {
    assert.deepEqual(push("release/1.4", BOTH), ["ci", "staging", "browser", "production"]);
    const { branches } = deploy.on.push as { branches: string[] };
    assert.deepEqual(branches, ["main", "release/**"]);
  });

  it("by hand reaches production where that was asked for", () => {
    const by = (production: boolean) =>
      ran(
        resultsOf(deploy, {
          github: { ref: "refs/heads/main", event_name: "workflow_dispatch" },
          vars: BOTH,
          inputs: { production },
        }),
      );
    assert.deepEqual(by(true), ["ci", "staging", "browser", "production"]);
    assert.deepEqual(by(false), ["ci", "staging", "browser"]);
  });

  it("stops at whatever fails before", () => {
    assert.deepEqual(push("release/1", BOTH, { ci: "failure" }), ["ci"]);
    assert.deepEqual(push("release/1", BOTH, { staging: "failure" }), ["ci", "staging"]);
    assert.deepEqual(push("release/1", BOTH, { browser: "failure" }), ["ci", "staging", "browser"]);
  });
});

describe("a pull request", () => {
  const vars = { ...BOTH, PREVIEWS: "true", PREVIEW_STACKS: '["staging"]' };
  const of = (name: string, github: object, ends: Record<string, Result> = {}) =>
    ran(resultsOf(workflow(name), { github, vars }, ends));

  it("from a fork is planned, and nothing else: no key, no comment, no environment", () => {
    const fork = pullRequest("eve/shop", "eve");
    assert.deepEqual(of("preview", fork), ["plan"]);
    assert.deepEqual(of("environment", fork), []);
    assert.deepEqual(of("environment", pullRequest("eve/shop", "eve", "closed")), []);
    const { plan } = workflow("preview").jobs;
    assert.deepEqual(plan?.permissions, { contents: "read" });
    assert.equal(plan?.environment, undefined);
    assert.doesNotMatch(JSON.stringify(plan), /secrets\.|github\.token/);
  });

  it("by Dependabot is planned as well, whose token only reads", () => {
    assert.deepEqual(of("preview", pullRequest("acme/shop", "dependabot[bot]")), ["plan"]);
    assert.deepEqual(of("environment", pullRequest("acme/shop", "dependabot[bot]")), []);
  });

  it("of the repository is planned, previewed by the engine, and told of both", () => {
    const own = pullRequest("acme/shop", "ann");
    assert.deepEqual(of("preview", own), ["plan", "comment", "engine", "engine-comment"]);
    // A plan that failed is told as well.
    assert.deepEqual(of("preview", own, { plan: "failure" }), ["plan", "comment"]);
    assert.deepEqual(of("preview", own, { engine: "failure" }), [
      "plan",
      "comment",
      "engine",
      "engine-comment",
    ]);
  });

  it("has its environment from opening to closing", () => {
    for (const action of ["opened", "reopened", "synchronize"])
      assert.deepEqual(of("environment", pullRequest("acme/shop", "ann", action)), ["images", "up", "tell"]);
    assert.deepEqual(of("environment", pullRequest("acme/shop", "ann", "closed")), ["down", "forget"]);
    assert.deepEqual(of("environment", { event_name: "schedule" }), ["sweep"]);
    assert.deepEqual(of("environment", { event_name: "workflow_dispatch" }), ["sweep"]);
    const { types } = workflow("environment").on.pull_request as { types: string[] };
    assert.deepEqual(types, ["opened", "reopened", "synchronize", "closed"]);
  });

  it("hears of an environment that did not come up", () =>
    assert.deepEqual(of("environment", pullRequest("acme/shop", "ann"), { up: "failure" }), [
      "images",
      "up",
      "tell",
    ]));
});

describe("what is scheduled", () => {
  it("does nothing in a copy of this repository that has no stacks yet", () => {
    const contexts = { github: { event_name: "schedule" }, vars: {} };
    for (const name of ["backup", "restore-drill", "drift", "environment"])
      assert.deepEqual(ran(resultsOf(workflow(name), contexts)), [], name);
  });

  it("waits for nobody's approval: its environments are not those of deploys", () => {
    for (const [name, id] of [
      ["backup", "backup"],
      ["restore-drill", "drill"],
      ["drift", "look"],
    ] as const)
      assert.equal(workflow(name).jobs[id]?.environment, "${{ matrix.stack }}-jobs");
  });

  it("tells of drift even where a stack could not be looked at", () => {
    const contexts = { github: { event_name: "schedule" }, vars: BOTH };
    assert.deepEqual(ran(resultsOf(workflow("drift"), contexts)), ["look", "tell"]);
    assert.deepEqual(ran(resultsOf(workflow("drift"), contexts, { look: "failure" })), ["look", "tell"]);
  });
});

describe("an image", () => {
  it("is kept for whom GitHub's token may write", () => {
    const push = String(workflow("ci").jobs.images?.with?.push).replace(/^\$\{\{|\}\}$/g, "");
    assert.equal(evaluate(push, { github: { event_name: "push" } }), true);
    assert.equal(evaluate(push, { github: pullRequest("acme/shop", "ann") }), true);
    assert.equal(evaluate(push, { github: pullRequest("eve/shop", "eve") }), false);
    assert.equal(evaluate(push, { github: pullRequest("acme/shop", "dependabot[bot]") }), false);
  });
});
