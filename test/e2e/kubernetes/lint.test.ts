/** Everything that is rendered, as Kustomize builds it, before four judges: kubeconform, kube-score, checkov and the API server. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../../../cli/render/manifests.ts";
import { yamlFile } from "../../../cli/render/yaml.ts";
import { clusterUp } from "../../../toolchain/cluster/cluster.ts";
import { kubectl } from "../../../toolchain/cluster/kubectl.ts";
import { KUBECONFIG } from "../../../toolchain/cluster/layout.ts";
import { goModule } from "../../support/e2e-go-tool.ts";
import { buildGraph } from "../../support/graph.ts";
import { type Finding, type Lint, nameOf } from "../../support/lint/finding.ts";
import { server } from "../../support/lint/server.ts";
import { SKIPS, skipped } from "../../support/lint/skips.ts";
import { checkov, kubeScore, kubeconform } from "../../support/lint/tools.ts";
import { exampleSettings, otherSettings, rendered } from "../../support/rendered.ts";

/** Names that no other test's stack has: their namespaces are made for the time of this one. */
const SETTINGS = {
  "lint-staging": exampleSettings("staging"),
  "lint-production": exampleSettings("production"),
  "lint-other": { ...otherSettings(), namespace: "lint-elsewhere" },
};
const TOOLS: Record<Finding["tool"], Lint> = {
  kubeconform,
  "kube-score": kubeScore,
  checkov,
  server: (_, all) => server(all),
};

describe("lint of what is rendered", () => {
  let scratch: string;
  const overlays: Record<string, Manifest[]> = {};
  const namespaces: string[] = [];
  let definitions: string[] = [];
  const findings: Finding[] = [];

  before(async () => {
    // For their definitions: certificates and monitors are among what is rendered.
    await clusterUp((line) => console.log(`    ${line}`), ["certificates"]);
    const operator = await goModule("github.com/prometheus-operator/prometheus-operator", "v0.85.0");
    definitions = ["podmonitors", "prometheusrules"].map((kinds) =>
      join(operator, "example", "prometheus-operator-crd", `monitoring.coreos.com_${kinds}.yaml`),
    );
    for (const file of definitions) await must("apply", "--server-side", "--filename", file);
    for (const kind of ["PodMonitor", "PrometheusRule"]) await published("monitoring.coreos.com/v1", kind);
    scratch = mkdtempSync(join(tmpdir(), "tristack-lint-"));
    for (const { stack, namespace } of await rendered(join(scratch, "kubernetes"), SETTINGS)) {
      const { stdout } = await must("kustomize", join(scratch, "kubernetes", "overlays", stack));
      overlays[stack] = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
      namespaces.push(namespace);
      // What the server has to have before it says anything of the rest.
      const first = overlays[stack].filter(({ kind }) => kind === "Namespace" || kind === "ServiceAccount");
      await applyAll(first);
    }
  });
  after(async () => {
    for (const name of namespaces) await must("delete", "namespace", name, "--ignore-not-found");
    for (const file of definitions) await must("delete", "--filename", file);
    rmSync(scratch, { recursive: true });
  });

  for (const stack of Object.keys(SETTINGS))
    for (const tool of Object.keys(TOOLS) as Finding["tool"][])
      it(`${tool} has nothing against ${stack} but what is skipped with a reason`, async () => {
        const objects = overlays[stack] ?? [];
        assert.ok(objects.length >= 30, `${objects.length} objects`);
        const linted = await lint(tool, objects);
        const { failed } = skipped(linted.findings, SKIPS);
        console.log(
          `      ${linted.passed} passed, ${linted.findings.length - failed.length} skipped, ${failed.length} failed`,
        );
        assert.deepEqual(failed, []);
        assert.ok(
          linted.passed >= objects.length / 2,
          `${linted.passed} checks of ${objects.length} objects`,
        );
        if (tool === "kubeconform") assert.equal(linted.passed, objects.length, "none was left out");
        findings.push(...linted.findings);
      });

  it("kubectl apply -k takes every overlay as it is", async () => {
    for (const stack of Object.keys(SETTINGS)) {
      const folder = join(scratch, "kubernetes", "overlays", stack);
      const { stdout, stderr } = await must(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--kustomize",
        folder,
      );
      assert.equal(stdout.split("\n").length, overlays[stack]?.length);
      assert.equal(stderr, "");
    }
  });

  it("kubeconform and the server have nothing against the Application of Argo CD", async () => {
    const folder = await goModule("github.com/argoproj/argo-cd/v3", "v3.5.7");
    const definition = join(folder, "manifests", "crds", "application-crd.yaml");
    await must("apply", "--server-side", "--filename", definition);
    try {
      await published("argoproj.io/v1alpha1", "Application");
      const application = await applicationOf("lint-staging");
      for (const tool of ["kubeconform", "server"] as const)
        assert.deepEqual(await lint(tool, [application]), { findings: [], passed: 1 });
      const misspelt = { ...application, spec: { ...(application.spec as object), syncPolicies: {} } };
      assert.equal((await lint("kubeconform", [misspelt])).findings.length, 1);
    } finally {
      await must("delete", "--filename", definition);
    }
  });

  it("skips no rule in vain", () => assert.deepEqual(skipped(findings, SKIPS).unused, []));

  const broken: [
    tool: Finding["tool"],
    what: string,
    rule: string,
    change: (deployment: Deployment) => void,
  ][] = [
    ["kubeconform", "a misspelt field", "statusInvalid", ({ container }) => (container.readynessProbe = {})],
    ["kubeconform", "a kind that nobody knows", "statusError", ({ object }) => (object.kind = "Deploiment")],
    ["kube-score", "no limits", "container-resources", ({ container }) => delete container.resources],
    ["checkov", "a privileged container", "CKV_K8S_16", ({ security }) => (security.privileged = true)],
    ["checkov", "an image without a digest", "CKV_K8S_43", ({ container }) => (container.image = "web:v1")],
    ["server", "a port that is none", "error", ({ container }) => (container.ports = [{ containerPort: 0 }])],
    ["server", "what Pod Security forbids", "warning", ({ security }) => (security.runAsUser = 0)],
  ];
  for (const [tool, what, rule, change] of broken)
    it(`${tool} finds ${what}`, async () => {
      const found = await lint(tool, [deploymentWith(change)]);
      const { failed } = skipped(found.findings, SKIPS);
      assert.ok(
        failed.some((one) => one.rule === rule),
        JSON.stringify(failed),
      );
    });

  it("the server refuses a pod that Pod Security forbids, though it only warns of its Deployment", async () => {
    const { findings: found } = await lint("server", [
      deploymentWith(({ security }) => (security.capabilities = { drop: ["ALL"], add: ["NET_ADMIN"] })),
    ]);
    assert.deepEqual(
      found.map(({ rule, object }) => [rule, object]),
      [
        ["warning", "Deployment/web"],
        ["error", "Pod/lint-web"],
      ],
    );
    for (const { text } of found) assert.match(text, /violate(s)? PodSecurity "restricted/);
  });

  function lint(tool: Finding["tool"], objects: readonly Manifest[]) {
    const file = join(scratch, "objects.yaml");
    writeFileSync(file, objects.map(yamlFile).join("---\n"));
    return TOOLS[tool](file, objects);
  }

  interface Deployment {
    object: Manifest;
    container: Record<string, unknown>;
    security: Record<string, unknown>;
  }

  /** A good Deployment with one thing that is wrong. */
  function deploymentWith(change: (deployment: Deployment) => void): Manifest {
    const good = overlays["lint-staging"]?.find((one) => nameOf(one) === "Deployment/web");
    const object = structuredClone(good) as Manifest;
    const { template } = object.spec as { template: { spec: { containers: Record<string, unknown>[] } } };
    const [container = {}] = template.spec.containers;
    change({ object, container, security: container.securityContext as Record<string, unknown> });
    assert.notDeepEqual(object, good);
    return object;
  }
});

async function applicationOf(stack: string): Promise<Manifest> {
  const { resources } = await buildGraph({
    stack,
    config: {
      ...exampleSettings("staging"),
      cluster: { kubeconfig: KUBECONFIG },
      gitops: { repository: "https://github.com/myorg/myapp", namespace: stack },
      secrets: { SECRET_KEY: "an-e2e-secret-of-some-length" },
    },
    secretKeys: ["secrets"],
  });
  return resources.find(({ name }) => name === "application")?.inputs as unknown as Manifest;
}

/** The server takes a moment to know a kind and to tell of it. */
async function published(apiVersion: string, kind: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(500)) {
    const { stdout } = await kubectl(["get", "--raw", `/openapi/v3/apis/${apiVersion}`]);
    if (stdout.includes(`"kind":"${kind}"`)) return;
  }
  assert.fail(`${kind} is not published`);
}

async function must(...args: string[]) {
  const ran = await kubectl(args);
  assert.ok(!ran.failed, ran.stderr);
  return ran;
}

async function applyAll(objects: readonly Manifest[]): Promise<void> {
  for (const object of objects) {
    const { failed, stderr } = await kubectl(
      ["apply", "--server-side", "--filename", "-"],
      JSON.stringify(object),
    );
    assert.ok(!failed, stderr);
  }
}
