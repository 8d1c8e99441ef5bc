/** The pipeline's workflows: what they may, and what they use. Which jobs run when: workflow-jobs.test.ts. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { ROOT, type Workflow, actions, needsOf, steps, workflow, workflows } from "../support/workflows.ts";
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
