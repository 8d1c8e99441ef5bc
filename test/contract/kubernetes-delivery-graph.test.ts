/** The resource graph of a stack on a cluster whose releases are delivered by Argo Rollouts. */
import assert from "node:assert/strict";
import { checkOutputs } from "../../components/outputs.ts";
import { type Graph, type Registered, buildGraph } from "../support/graph.ts";
import { canaried, goodKubernetes } from "../support/kubernetes-settings.ts";
import { type Config, changed } from "../support/settings.ts";

const build = (config: Config) => buildGraph({ stack: "production", config, secretKeys: ["secrets"] });

const KINDS = {
  rollout: "kubernetes:argoproj.io/v1alpha1:Rollout",
  analysis: "kubernetes:argoproj.io/v1alpha1:AnalysisTemplate",
  shares: "kubernetes:traefik.io/v1alpha1:TraefikService",
  deployment: "kubernetes:apps/v1:Deployment",
  service: "kubernetes:core/v1:Service",
  scaler: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
  route: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
  quota: "kubernetes:core/v1:ResourceQuota",
} as const;
type Kind = keyof typeof KINDS;
type Spec = Record<string, unknown>;

const all = (graph: Graph, kind: Kind) => graph.resources.filter((one) => one.type === KINDS[kind]);
const names = (graph: Graph, kind: Kind) =>
  all(graph, kind)
    .map(({ name }) => name)
    .sort();
const one = (graph: Graph, kind: Kind, name: string): Registered => {
  const found = all(graph, kind).find((each) => each.name === name);
  assert.ok(found, `${kind} ${name}; there is: ${names(graph, kind).join(", ")}`);
  return found;
};
const spec = (graph: Graph, kind: Kind, name: string) => one(graph, kind, name).inputs.spec as Spec;

describe("a stack on a cluster, delivered by canary", () => {
  let graph: Graph;
  before(async () => (graph = await build(canaried())));

  it("has a Rollout of each service with routes; workers roll", () => {
    assert.deepEqual(names(graph, "rollout"), ["api", "web"]);
    assert.deepEqual(names(graph, "deployment"), ["worker"]);
    assert.partialDeepStrictEqual(graph.outputs, { delivery: { strategy: "canary" } });
    assert.deepEqual(checkOutputs(graph.outputs), []);
  });

  it("takes the source document's steps, and is watched from the first one on", () => {
    const { canary } = spec(graph, "rollout", "web").strategy as { canary: Spec };
    assert.deepEqual(
      canary.steps,
      [20, 40, 60, 80].flatMap((setWeight) => [{ setWeight }, { pause: { duration: "5m" } }]),
    );
    assert.deepEqual(canary.analysis, {
      templates: [{ templateName: "web" }],
      args: [{ name: "service", value: "production-web-canary-80@kubernetescrd" }],
      startingStep: 1,
    });
    // Both together block an abort in Argo Rollouts 1.10.
    assert.ok(!("dynamicStableScale" in canary) && !("abortScaleDownDelaySeconds" in canary));
    assert.partialDeepStrictEqual(spec(graph, "rollout", "web"), {
      progressDeadlineAbort: true,
      rollbackWindow: { revisions: 5 },
    });
  });

  it("shares the traffic out between the service's own Service and the canary's", () => {
    const { canary } = spec(graph, "rollout", "api").strategy as { canary: Spec };
    assert.partialDeepStrictEqual(canary, {
      stableService: "api",
      canaryService: "api-canary",
      trafficRouting: { traefik: { weightedTraefikServiceName: "api" } },
    });
    assert.deepEqual(spec(graph, "shares", "api-shares"), {
      weighted: {
        services: [
          { name: "api", port: 80, weight: 100 },
          { name: "api-canary", port: 80, weight: 0 },
        ],
      },
    });
    for (const name of ["api", "web"]) {
      const { rules } = spec(graph, "route", `route-site-${name}`) as { rules: { backendRefs: object[] }[] };
      assert.deepEqual(rules[0]?.backendRefs, [
        { group: "traefik.io", kind: "TraefikService", name, weight: 1 },
      ]);
    }
  });

  it("is deleted at once, since Pulumi's plugin dies while it waits for it", () => {
    for (const name of ["api", "web"])
      assert.partialDeepStrictEqual((one(graph, "rollout", name).inputs.metadata as Spec).annotations, {
        "pulumi.com/deletionPropagationPolicy": "background",
      });
  });

  it("leaves to Argo Rollouts what it sets: selectors and shares", () => {
    for (const name of ["api", "api-canary", "web", "web-canary"])
      assert.deepEqual(one(graph, "service", name).ignoreChanges, ["spec.selector"]);
    assert.deepEqual(one(graph, "shares", "web-shares").ignoreChanges, ["spec"]);
    const { dependencies } = one(graph, "rollout", "api");
    for (const name of ["api", "api-canary", "api-shares", "api-analysis"])
      assert.ok(dependencies.includes(name), name);
    assert.ok(
      dependencies.some((name) => name.startsWith("api-migration-")),
      "the pods wait for the migration",
    );
  });

  it("measures the canary's errors alone, summed on both sides, and takes nothing for no proof", () => {
    const { args, metrics } = spec(graph, "analysis", "web-analysis");
    assert.deepEqual(args, [{ name: "service" }]);
    const series = 'traefik_service_requests_total{service="{{args.service}}"';
    assert.deepEqual(metrics, [
      {
        name: "error-rate",
        interval: "1m",
        initialDelay: "1m",
        successCondition: "len(result) > 0 && !isNaN(result[0]) && result[0] < 0.05",
        failureLimit: 3,
        consecutiveErrorLimit: 3,
        provider: {
          prometheus: {
            address: "http://prometheus.monitoring:9090",
            query: `(sum(rate(${series},code=~"5.."}[5m])) or vector(0)) / sum(rate(${series}}[5m]))`,
          },
        },
      },
    ]);
  });

  it("lets the autoscaler scale the Rollout, and spreads the pods of one release", () => {
    assert.deepEqual(one(graph, "rollout", "web").ignoreChanges, ["spec.replicas"]);
    assert.deepEqual(one(graph, "rollout", "api").ignoreChanges, []);
    assert.equal(spec(graph, "rollout", "api").replicas, 2);
    assert.deepEqual((spec(graph, "scaler", "web") as { scaleTargetRef: object }).scaleTargetRef, {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      name: "web",
    });
    const { template } = spec(graph, "rollout", "web") as { template: { spec: Spec } };
    for (const constraint of template.spec.topologySpreadConstraints as Spec[])
      assert.deepEqual(constraint.matchLabelKeys, ["rollouts-pod-template-hash"]);
  });

  it("has room for the pods of three releases", async () => {
    const podsOf = (of: Graph) => Number((spec(of, "quota", "quota").hard as Spec).pods);
    // web may have 10 pods, api 2, the worker 1.
    assert.equal(podsOf(graph) - podsOf(await build(goodKubernetes())), 10 + 2 + 1);
  });

  it("goes through ingress-nginx where the site is an Ingress", async () => {
    const other = await build(changed(canaried(), ["proxy"], { mode: "ingress" }));
    assert.deepEqual(names(other, "shares"), []);
    const { canary } = spec(other, "rollout", "web").strategy as { canary: Spec };
    assert.partialDeepStrictEqual(canary, {
      trafficRouting: { nginx: { stableIngress: "site" } },
      analysis: { args: [{ name: "service", value: "production-web-canary-80" }] },
    });
    assert.match(
      JSON.stringify(spec(other, "analysis", "web-analysis")),
      /nginx_ingress_controller_requests\{canary=\\"\{\{args.service\}\}\\",status=~/,
    );
  });
});

describe("a stack on a cluster, delivered blue-green", () => {
  const blueGreen = (more: object = {}) =>
    build({ ...goodKubernetes(), delivery: { strategy: "blue-green", ...more } });
  let graph: Graph;
  before(async () => (graph = await blueGreen()));

  it("switches from one set of pods to the other, and keeps the old one for ten minutes", () => {
    assert.deepEqual(spec(graph, "rollout", "web").strategy, {
      blueGreen: {
        activeService: "web",
        previewService: "web-preview",
        autoPromotionEnabled: true,
        scaleDownDelaySeconds: 600,
        scaleDownDelayRevisionLimit: 1,
      },
    });
    assert.deepEqual(
      names(graph, "service").filter((name) => name.startsWith("web")),
      ["web", "web-preview"],
    );
    assert.partialDeepStrictEqual(graph.outputs, { delivery: { strategy: "blue-green" } });
    assert.deepEqual(checkOutputs(graph.outputs), []);
  });

  it("needs neither shares nor an analysis, and its routes lead to Services", () => {
    assert.deepEqual([...all(graph, "shares"), ...all(graph, "analysis")], []);
    const { rules } = spec(graph, "route", "route-site-api") as { rules: { backendRefs: object[] }[] };
    assert.partialDeepStrictEqual(rules[0]?.backendRefs, [{ kind: "Service", name: "api", port: 80 }]);
  });

  it("can be looked at before it takes the traffic", async () => {
    const other = await blueGreen({ autoPromotionDelay: "2m" });
    assert.partialDeepStrictEqual(spec(other, "rollout", "web").strategy, {
      blueGreen: { autoPromotionEnabled: true, autoPromotionSeconds: 120 },
    });
  });
});
