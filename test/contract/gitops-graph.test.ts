/** The resource graph of a stack that Argo CD applies, and what is rendered for it. */
import assert from "node:assert/strict";
import { release } from "../../cli/release.ts";
import { checkOutputs } from "../../components/outputs.ts";
import type { KubernetesSettings } from "../../components/settings.ts";
import { type Graph, buildGraph } from "../support/graph.ts";
import { goodKubernetes } from "../support/kubernetes-settings.ts";
import { type Config, changed, problemLines } from "../support/settings.ts";

const GITOPS = { repository: "https://github.com/myorg/myapp" };
const withGitOps = (gitops: object = GITOPS): Config => ({ ...goodKubernetes(), gitops });
const build = (config: Config = withGitOps()) =>
  buildGraph({ stack: "production", config, secretKeys: ["secrets"] });

describe("a stack that Argo CD applies", () => {
  let graph: Graph;
  before(async () => (graph = await build()));

  const kinds = (of: Graph) =>
    of.resources.flatMap(({ type, inputs }) => (type.startsWith("kubernetes:") ? [String(inputs.kind)] : []));
  const application = (of: Graph) => of.resources.find(({ name }) => name === "application")?.inputs;

  it("has an Application as the source document's", () => {
    assert.partialDeepStrictEqual(application(graph), {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Application",
      metadata: { name: "tristack-production", namespace: "argocd" },
      spec: {
        project: "default",
        source: {
          repoURL: "https://github.com/myorg/myapp",
          targetRevision: "main",
          path: "kubernetes/overlays/production",
        },
        destination: { server: "https://kubernetes.default.svc", namespace: "production" },
        syncPolicy: {
          automated: { prune: true, selfHeal: true, allowEmpty: false },
          retry: { limit: 5, backoff: { duration: "5s", factor: 2, maxDuration: "3m" } },
        },
      },
    });
    assert.match(JSON.stringify(application(graph)), /"CreateNamespace=true"/);
  });

  it("leaves the number of pods to the autoscaler where there is one", async () => {
    const ignored = (of: Graph) =>
      (application(of)?.spec as { ignoreDifferences: object[] }).ignoreDifferences;
    const replicas = { group: "apps", kind: "Deployment", name: "web", jsonPointers: ["/spec/replicas"] };
    assert.deepEqual(ignored(graph), [replicas]);
    assert.deepEqual(
      ignored(await build(changed(withGitOps(), ["services", "web", "autoscale"], undefined))),
      [],
    );
  });

  it("leaves to Argo Rollouts which pods get the traffic", async () => {
    const delivery = { strategy: "canary", analysis: { prometheus: "http://prometheus.monitoring:9090" } };
    const { spec } = application(await build({ ...withGitOps(), delivery })) as { spec: object };
    const ignored = (spec as { ignoreDifferences: { kind: string }[] }).ignoreDifferences;
    assert.deepEqual(
      ignored.map(({ kind }) => kind),
      ["Rollout", "Service", "TraefikService"],
    );
  });

  it("makes the namespace, its limits, the Secrets and the Application, and nothing that Argo CD makes", () => {
    const made = new Set(kinds(graph));
    const mine = ["Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "Secret", "Application"];
    assert.deepEqual([...made].sort(), mine.sort());
    const policies = graph.resources.filter(({ inputs }) => inputs.kind === "NetworkPolicy");
    assert.deepEqual(
      policies.map(({ parent }) => parent),
      ["namespace", "namespace"],
    );
  });

  it("has the Secrets under the names that rendered pods expect, whatever is in them", async () => {
    const secrets = (of: Graph) =>
      of.resources.flatMap(({ inputs }) =>
        inputs.kind === "Secret"
          ? [[(inputs.metadata as { name: string }).name, inputs.immutable ?? false]]
          : [],
      );
    const names = ["api-secrets", "postgres-secret", "redis-secret", "worker-secrets"];
    assert.deepEqual(
      secrets(graph).sort(),
      names.map((name) => [name, false]),
    );
    const other = await build(changed(withGitOps(), ["secrets", "SECRET_KEY"], "another-long-enough-secret"));
    assert.deepEqual(secrets(other), secrets(graph));
  });

  it("keeps the database's password when it changes over, and goes before what it needs", async () => {
    const password = (of: Graph) => of.resources.find(({ name }) => name === "postgres-password");
    assert.deepEqual(password(graph), password(await build(goodKubernetes())));
    const waits = graph.resources.find(({ name }) => name === "gitops")?.dependencies ?? [];
    for (const secret of ["api-secrets", "postgres", "redis"]) assert.ok(waits.includes(secret), secret);
  });

  it("exports what the contract says", () => assert.deepEqual(checkOutputs(graph.outputs), []));

  it("names its release in the settings, a repository, and no other form of a path", () => {
    const problems = (config: Config) => problemLines(config).join("\n");
    assert.equal(problems(withGitOps()), "");
    assert.match(
      problems({ ...withGitOps(), release: undefined }),
      /tristack:release .*needs a version, since gitops is set/,
    );
    assert.match(
      problems(withGitOps({ repository: "somewhere" })),
      /gitops.repository is somewhere; needs the address of a Git/,
    );
    assert.match(
      problems(withGitOps({ ...GITOPS, path: "/abs" })),
      /gitops.path is \/abs; needs a folder of the repository/,
    );
  });

  it("is released by a commit, and not by the command line", async () => {
    const context = { stack: "production" } as Parameters<typeof release>[0];
    const settings = { target: "kubernetes", gitops: GITOPS } as KubernetesSettings;
    await assert.rejects(
      release(context, settings, { kind: "deploy", choose: () => ({ version: "v2", digests: {} }) }),
      { exitCode: 2, message: /production has gitops: what runs is what Git says/ },
    );
  });
});
