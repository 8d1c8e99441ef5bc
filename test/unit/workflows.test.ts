/** The pipeline's workflows: what they may, what they run on, and which jobs run when. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import {
  ROOT,
  type Result,
  type Workflow,
  actions,
  needsOf,
  resultsOf,
  steps,
  workflow,
  workflows,
} from "../support/workflows.ts";
import { evaluate } from "../support/expressions.ts";

const jobs = workflows.flatMap((of) => Object.entries(of.jobs).map(([id, job]) => ({ of, id, job })));
const texts = [...workflows, ...actions];

describe("the workflows", () => {
  it("are those that the pipeline has, and images, which three of them call", () => {
    assert.deepEqual(
      workflows.map(({ file }) => file.replace(/.*\/|\.yml/g, "")),
      ["backup", "ci", "deploy", "drift", "environment", "images", "preview", "restore-drill", "rollback"],
    );
  });

  it("use every action by its commit, with the version beside it", () => {
    const pinned = /^[\w-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
    const used = texts.flatMap(({ text }) =>
      [...text.matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, it]) => it),
    );
    assert.ok(used.length > 50);
    const others = used.filter((it) => !pinned.test(it ?? "") && !it?.startsWith("./.github/"));
    assert.deepEqual(others, []);
    // And one commit of each.
    const commits = new Map(used.map((it) => [it?.split("@")[0], new Set<string | undefined>()]));
    for (const it of used) commits.get(it?.split("@")[0])?.add(it);
    for (const [action, all] of commits) assert.equal(all.size, 1, action);
  });

  it("give nothing to all jobs, and each job what it needs: permissions, and an end", () => {
    for (const { file, permissions } of workflows) assert.deepEqual(permissions, {}, file);
    for (const { of, id, job } of jobs) {
      const where = `${of.file}, ${id}`;
      assert.ok(job.permissions, `${where}: permissions`);
      // A job that calls a workflow has its jobs' ends.
      if (!job.uses) assert.ok((job["timeout-minutes"] ?? 0) > 0, `${where}: timeout-minutes`);
      // They may write no code, and take no role, secret or comment along where they need none.
      assert.notEqual(job.permissions.contents, "write", where);
      assert.notEqual(job.secrets, "inherit", where);
    }
  });

  it("never leave a token behind in the checkout", () => {
    const checkouts = steps.filter(({ step }) => step.uses?.startsWith("actions/checkout@"));
    assert.ok(checkouts.length > 15);
    for (const { key, step } of checkouts) assert.equal(step.with?.["persist-credentials"], false, key);
  });

  it("never run for a pull request with the base's rights", () => {
    for (const { file, on } of workflows)
      for (const event of ["pull_request_target", "workflow_run", "issue_comment"])
        assert.ok(!(event in on), `${file}: ${event}`);
  });

  it("put nothing into a script but by its environment", () => {
    const scripts = steps.filter(({ step }) => step.run !== undefined);
    for (const { key, step } of scripts) assert.ok(!step.run?.includes("${{"), key);
  });

  it("run scripts by the bash that fails with a pipe's first command", () => {
    for (const { file, defaults, jobs: all } of workflows)
      if (Object.values(all).some(({ steps: own }) => own?.some(({ run }) => run)))
        assert.equal(defaults?.run.shell, "bash", file);
    for (const { runs } of actions)
      for (const { run, shell, name } of runs.steps) if (run) assert.equal(shell, "bash", name);
  });

  it("end nothing that is under way, but checks of a pull request", () => {
    const all = [
      ...workflows.map(({ file, concurrency }) => ({ where: file, concurrency })),
      ...jobs.map(({ of, id, job }) => ({ where: `${of.file}, ${id}`, concurrency: job.concurrency })),
    ].filter(({ concurrency }) => concurrency);
    const ends = all.filter(({ concurrency }) => concurrency?.["cancel-in-progress"] !== false);
    assert.deepEqual(
      ends.map(({ where }) => where),
      [".github/workflows/ci.yml"],
    );
    const [ci] = ends;
    const cancels = String(ci?.concurrency?.["cancel-in-progress"]).replace(/^\$\{\{|\}\}$/g, "");
    assert.equal(evaluate(cancels, { github: { event_name: "pull_request" } }), true);
    assert.equal(evaluate(cancels, { github: { event_name: "push" } }), false);
  });

  it("bring one stack's updates one after the other", () => {
    for (const { of, id, job } of jobs.filter(({ job: one }) => one.environment)) {
      const name = typeof job.environment === "string" ? job.environment : (job.environment?.name ?? "");
      // What only looks: the engine's preview, which the workflow's own group holds apart.
      if (name.endsWith("-preview")) continue;
      assert.ok(job.concurrency, `${of.file}, ${id}`);
    }
    const groups = (name: string) =>
      Object.values(workflow(name).jobs).map(({ concurrency }) => concurrency?.group);
    const { up, down } = workflow("environment").jobs;
    assert.equal(up?.concurrency?.group, down?.concurrency?.group);
    assert.ok(groups("deploy").includes("deploy-staging") && groups("deploy").includes("deploy-production"));
  });

  it("hand secrets to jobs alone whose environment guards them", () => {
    for (const { of, id, job } of jobs) {
      if (!/\bsecrets\./.test(JSON.stringify(job))) continue;
      assert.ok(job.environment, `${of.file}, ${id}: secrets without an environment`);
    }
    // And what writes to pull requests or issues holds no keys.
    for (const { of, id, job } of jobs)
      if (job.permissions?.["pull-requests"] === "write" || job.permissions?.issues === "write")
        assert.doesNotMatch(JSON.stringify(job), /\bsecrets\.|id-token/, `${of.file}, ${id}`);
  });

  it("know no long-lived keys of a cloud", () => {
    for (const { file, text } of texts) {
      assert.doesNotMatch(text, /AWS_SECRET_ACCESS_KEY|AWS_ACCESS_KEY_ID|aws-secret-access-key/i, file);
    }
    for (const { key, step } of steps.filter((one) => one.step.uses?.includes("configure-aws-credentials")))
      assert.ok(step.with?.["role-to-assume"], key);
  });

  it("are given what they ask of another job", () => {
    for (const { of, id, job } of jobs)
      for (const [, need = "", output = ""] of JSON.stringify(job).matchAll(
        /needs\.([\w-]+)\.outputs\.(\w+)/g,
      )) {
        const where = `${of.file}, ${id}: needs.${need}.outputs.${output}`;
        assert.ok(needsOf(job).includes(need), where);
        assert.ok(output in outputsOf(of.jobs[need]), where);
      }
  });
});

/** Those of a job, or of the workflow that it calls. */
function outputsOf(job: Workflow["jobs"][string] | undefined): object {
  if (!job?.uses) return job?.outputs ?? {};
  const called = workflow(job.uses.replace(/.*\/|\.yml/g, "")).on.workflow_call as { outputs: object };
  return called.outputs;
}

describe("the image that is scanned", () => {
  const { image } = workflow("images").jobs;
  const named = (name: string) => image?.steps?.find((step) => step.name === name);
  const place = (name: string) => image?.steps?.findIndex((step) => step.name === name) ?? -1;

  it("is the very digest that was pushed, for both processors", () => {
    assert.equal(
      named("Its digest")?.env?.DIGEST,
      "${{ steps.there.outputs.digest || steps.build.outputs.digest }}",
    );
    const scans = image?.steps?.filter(({ uses }) => uses?.startsWith("aquasecurity/trivy-action@")) ?? [];
    assert.deepEqual(
      scans.map(({ env }) => env?.TRIVY_PLATFORM),
      String(named("Build")?.with?.platforms).split(","),
    );
    for (const scan of scans) {
      assert.equal(
        scan.with?.["image-ref"],
        "${{ steps.names.outputs.repository }}@${{ steps.image.outputs.digest }}",
      );
      assert.equal(scan.with?.severity, "HIGH,CRITICAL");
      assert.equal(scan.with?.["ignore-unfixed"], true);
      assert.equal(scan.with?.["exit-code"], "1");
      // It runs wherever something was pushed, and after it was.
      assert.equal(scan.if, named("Its digest")?.if);
      assert.ok(place(scan.name ?? "") > place("Its digest"));
    }
  });

  it("is the one that is deployed", () => {
    const { outputs } = (
      workflow("ci").on as unknown as { workflow_call: { outputs: Record<string, { value: string }> } }
    ).workflow_call;
    const images = (
      workflow("images").on as unknown as { workflow_call: { outputs: Record<string, { value: string }> } }
    ).workflow_call.outputs;
    for (const service of ["web", "api"]) {
      assert.equal(image?.outputs?.[service], `\${{ steps.image.outputs.${service} }}`);
      assert.equal(images[service]?.value, `\${{ jobs.image.outputs.${service} }}`);
      assert.equal(outputs[service]?.value, `\${{ jobs.images.outputs.${service} }}`);
    }
    for (const id of ["staging", "production"]) {
      const deploy = workflow("deploy").jobs[id]?.steps?.find(({ name }) => name === "Deploy");
      assert.equal(deploy?.env?.WEB, "${{ needs.ci.outputs.web }}");
      assert.equal(deploy?.env?.API, "${{ needs.ci.outputs.api }}");
    }
  });

  it("has what it consists of beside it, and is not kept from a fork", () => {
    const build = named("Build")?.with;
    assert.equal(build?.sbom, true);
    assert.equal(build?.push, "${{ inputs.push }}");
    const cache = String(build?.["cache-to"]).replace(/^\$\{\{|\}\}$/g, "");
    const contexts = { steps: { names: { outputs: { repository: "ghcr.io/acme/web" } } } };
    assert.equal(evaluate(cache, { ...contexts, inputs: { push: false } }), "");
    assert.equal(
      evaluate(cache, { ...contexts, inputs: { push: true } }),
      "type=registry,ref=ghcr.io/acme/web:buildcache,mode=max,image-manifest=true",
    );
  });

  it("is kept for whom GitHub's token may write", () => {
    const push = String(workflow("ci").jobs.images?.with?.push).replace(/^\$\{\{|\}\}$/g, "");
    assert.equal(evaluate(push, { github: { event_name: "push" } }), true);
    assert.equal(evaluate(push, { github: pullRequest("acme/shop", "ann") }), true);
    assert.equal(evaluate(push, { github: pullRequest("eve/shop", "eve") }), false);
    assert.equal(evaluate(push, { github: pullRequest("acme/shop", "dependabot[bot]") }), false);
  });
});

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

describe("docs/pipeline.md", () => {
  const page = readFileSync(join(ROOT, "docs", "pipeline.md"), "utf8");

  it("lists every action that is used, and no other", () => {
    const used = new Set(
      steps.flatMap(({ step }) =>
        step.uses && !step.uses.startsWith("./") ? [step.uses.split("@")[0]] : [],
      ),
    );
    const listed = [...page.matchAll(/^\| `([\w-]+\/[\w.-]+)`/gm)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), [...used].sort());
  });

  it("names every variable and secret that they read", () => {
    const asked = texts.flatMap(({ text }) =>
      [...text.matchAll(/\b(?:vars|secrets)\.([A-Z_]+)/g)].map(([, name]) => name ?? ""),
    );
    for (const name of new Set(asked)) assert.ok(page.includes(`\`${name}\``), name);
  });
});
