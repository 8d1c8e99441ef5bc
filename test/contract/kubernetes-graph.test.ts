/** The resource graph of a stack on a cluster. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { checkOutputs } from "../../components/outputs.ts";
import { type Graph, type Registered, buildFailing, buildGraph } from "../support/graph.ts";
import { goodKubernetes } from "../support/kubernetes-settings.ts";
import { type Config, changed } from "../support/settings.ts";

const build = (config: Config = goodKubernetes()) =>
  buildGraph({ stack: "production", config, secretKeys: ["secrets"] });

interface Pod {
  containers: Record<string, Record<string, unknown>>[];
  [key: string]: unknown;
}

const KINDS = {
  deployment: "kubernetes:apps/v1:Deployment",
  stateful: "kubernetes:apps/v1:StatefulSet",
  job: "kubernetes:batch/v1:Job",
  policy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  secret: "kubernetes:core/v1:Secret",
  configuration: "kubernetes:core/v1:ConfigMap",
  service: "kubernetes:core/v1:Service",
  scaler: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
  budget: "kubernetes:policy/v1:PodDisruptionBudget",
  gateway: "kubernetes:gateway.networking.k8s.io/v1:Gateway",
  route: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
  certificate: "kubernetes:cert-manager.io/v1:Certificate",
  ingress: "kubernetes:networking.k8s.io/v1:Ingress",
  namespace: "kubernetes:core/v1:Namespace",
  quota: "kubernetes:core/v1:ResourceQuota",
} as const;

describe("a stack on a cluster", () => {
  let graph: Graph;
  before(async () => (graph = await build()));

  const all = (kind: keyof typeof KINDS, of = graph) =>
    of.resources.filter((one) => one.type === KINDS[kind]);
  const one = (kind: keyof typeof KINDS, name: string, of = graph): Registered => {
    const found = all(kind, of).find((each) => each.name === name);
    assert.ok(
      found,
      `${kind} ${name}; there is: ${all(kind, of)
        .map((each) => each.name)
        .join(", ")}`,
    );
    return found;
  };
  const spec = (resource: Registered) => resource.inputs.spec as Record<string, unknown>;
  const podOf = (resource: Registered) => (spec(resource).template as { spec: Pod }).spec;
  const pods = (of = graph) =>
    [...all("deployment", of), ...all("stateful", of), ...all("job", of)].map(podOf);

  it("is in one namespace, under Pod Security `restricted`, with a quota, and protected in production", async () => {
    const { inputs, protect } = one("namespace", "namespace");
    assert.partialDeepStrictEqual(inputs.metadata, {
      name: "production",
      labels: { environment: "production", "pod-security.kubernetes.io/enforce": "restricted" },
    });
    assert.equal(protect, true);
    one("quota", "quota");
    for (const resource of graph.resources) {
      const { namespace } = (resource.inputs.metadata ?? {}) as { namespace?: string };
      if (resource.type.startsWith("kubernetes:") && resource.type !== KINDS.namespace)
        assert.equal(namespace, "production", resource.name);
    }
    const local = await build(changed(goodKubernetes(), ["environment"], { kind: "local" }));
    assert.equal(one("namespace", "namespace", local).protect, false);
  });

  it("has no pod with a right that it does not need", () => {
    assert.equal(pods().length, 3 + 2 + 1);
    for (const pod of pods()) {
      assert.equal(pod.automountServiceAccountToken, false);
      assert.partialDeepStrictEqual(pod.securityContext, {
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      for (const container of pod.containers) {
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          privileged: false,
          capabilities: { drop: ["ALL"] },
        });
        const { requests, limits } = container.resources as Record<string, Record<string, string>>;
        for (const amount of ["cpu", "memory", "ephemeral-storage"])
          assert.ok(requests?.[amount] && limits?.[amount]);
      }
    }
  });

  it("asks for what the source document asks for", () => {
    const { resources } = podOf(one("deployment", "web")).containers[0] ?? {};
    assert.partialDeepStrictEqual(resources, {
      requests: { cpu: "250m", memory: "256Mi" },
      limits: { cpu: "1", memory: "1Gi" },
    });
    const own = changed(goodKubernetes(), ["services", "web", "requests"], { cpu: 0.1, memory: "64MiB" });
    return build(own).then((other) => {
      const container = podOf(one("deployment", "web", other)).containers[0];
      assert.partialDeepStrictEqual(container?.resources, { requests: { cpu: "100m", memory: "64Mi" } });
    });
  });

  it("replaces pods one by one, none before its successor is ready, and lets the router hear of it first", () => {
    const { strategy, replicas } = spec(one("deployment", "api"));
    assert.deepEqual(strategy, { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
    assert.equal(replicas, 2);
    const pod = podOf(one("deployment", "api"));
    assert.deepEqual(pod.containers[0]?.lifecycle, { preStop: { sleep: { seconds: 10 } } });
    assert.equal(pod.terminationGracePeriodSeconds, 50);
  });

  it("does not restart pods because their database is down", () => {
    const [container] = podOf(one("deployment", "api")).containers;
    assert.deepEqual(container?.livenessProbe?.tcpSocket, { port: "http" });
    assert.partialDeepStrictEqual(container?.readinessProbe, { httpGet: { path: "/health", port: "http" } });
    assert.partialDeepStrictEqual(container?.startupProbe, { periodSeconds: 1, failureThreshold: 20 });
  });

  it("puts back what somebody has changed by hand, whoever that made its owner", () => {
    const objects = graph.resources.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.ok(objects.length > 20);
    for (const { name, inputs } of objects)
      assert.partialDeepStrictEqual(
        inputs.metadata,
        { annotations: { "pulumi.com/patchForce": "true" } },
        name,
      );
  });

  it("leaves the number of pods to the autoscaler where there is one", () => {
    // The first number only: left out, it would be 1 for a moment when `autoscale` is turned on.
    assert.deepEqual(one("deployment", "web").ignoreChanges, ["spec.replicas"]);
    assert.deepEqual(one("deployment", "api").ignoreChanges, []);
    assert.equal(spec(one("deployment", "web")).replicas, 3);
    assert.partialDeepStrictEqual(spec(one("scaler", "web")), { minReplicas: 3, maxReplicas: 10 });
    assert.equal(all("scaler").length, 1);
    assert.deepEqual(
      all("budget")
        .map(({ name }) => name)
        .sort(),
      ["api", "web"],
    );
  });

  it("runs migrations before the pods of the release, and another release's again", async () => {
    const [job] = all("job");
    assert.equal(all("job").length, 1);
    assert.ok(one("deployment", "api").dependencies.includes(job?.name ?? ""), "the pods wait for it");
    assert.equal(spec(job as Registered).backoffLimit, 0);
    const [container] = podOf(job as Registered).containers;
    assert.deepEqual(container?.command, ["python", "-m", "alembic", "upgrade", "head"]);
    assert.equal(container?.readinessProbe ?? container?.lifecycle, undefined);
    const next = await build(changed(goodKubernetes(), ["release", "version"], "v1.0.1"));
    assert.notEqual(all("job", next)[0]?.name, job?.name);
    const more = await build(
      changed(goodKubernetes(), ["services", "api", "environment"], { LEVEL: "debug" }),
    );
    assert.equal(all("job", more)[0]?.name, job?.name, "a variable is no new migration");
  });

  it("gives secrets as files, encrypted in the state, and none in a variable", () => {
    for (const secret of all("secret")) {
      const { stringData } = secret.inputs as { stringData: unknown };
      const values = Object.values((stringData as { secret?: object }).secret ?? (stringData as object));
      const whole = typeof stringData === "object" && stringData !== null && "secret" in stringData;
      for (const value of values)
        assert.ok(
          whole || typeof (value as { secret?: string }).secret === "string",
          `${secret.name} in plain text`,
        );
    }
    const text = JSON.stringify(all("configuration").map(({ inputs }) => inputs));
    assert.match(text, /"DATABASE_URL_FILE":"\/run\/secrets\/DATABASE_URL"/);
    assert.ok(!text.includes("a-secret-that-is-long-enough") && !text.includes("postgresql://"));
  });

  it("makes new pods when a variable or a secret changes, and only of the service that has it", async () => {
    const template = (name: string, of = graph) => JSON.stringify(spec(one("deployment", name, of)).template);
    const changes: [path: string[], value: unknown][] = [
      [["services", "api", "environment"], { LEVEL: "debug" }],
      [["secrets", "SECRET_KEY"], "another-secret-that-is-long-enough"],
    ];
    for (const [path, value] of changes) {
      const other = await build(changed(goodKubernetes(), path, value));
      assert.notEqual(template("api", other), template("api"), path.join("."));
      assert.equal(template("web", other), template("web"));
      assert.notDeepEqual(other.outputs.release, graph.outputs.release);
    }
  });

  it("denies every flow but those that the services need", () => {
    assert.deepEqual(spec(one("policy", "default-deny")), {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
    });
    const peers = (name: string, way: "ingress" | "egress") =>
      (
        (spec(one("policy", name))[way] ?? []) as {
          from?: object[];
          to?: object[];
          ports: { port: number }[];
        }[]
      ).map((rule) =>
        [JSON.stringify(rule.from ?? rule.to), ...rule.ports.map(({ port }) => port)].join(" "),
      );
    assert.equal(peers("postgres", "egress").length, 0);
    const [clients = ""] = peers("postgres", "ingress");
    for (const name of ["api", "api-migration", "worker"]) assert.ok(clients.includes(`"${name}"`), name);
    assert.ok(!clients.includes('"web"') && clients.endsWith(" 5432"));
    const services = {
      "app.kubernetes.io/component": "service",
      "app.kubernetes.io/instance": "production",
    };
    const theirs = JSON.stringify([{ podSelector: { matchLabels: services } }]);
    const fromWeb = peers("web", "egress");
    assert.deepEqual(fromWeb.slice(0, 2), [`${theirs} 3000`, `${theirs} 8000`]);
    assert.match(fromWeb.slice(2).join(), /^\[\{"ipBlock":[^[]+\[[^\]]+\]\}\}\] 443$/);
    assert.equal(peers("api", "ingress").length, 1, "each opens its own port alone");
    assert.match(peers("api", "ingress").join(), / 8000$/);
    for (const kind of ["deployment", "stateful", "job"] as const)
      for (const each of all(kind)) {
        const { labels } = (spec(each).template as { metadata: { labels: Record<string, string> } }).metadata;
        const isService = Object.entries(services).every(([label, value]) => labels[label] === value);
        assert.equal(isService, kind === "deployment", each.name);
      }
    assert.ok(peers("web", "ingress").join().includes('"kubernetes.io/metadata.name":"traefik"'));
    assert.deepEqual(peers("worker", "ingress"), []);
  });

  it("opens a cache that nobody uses to nobody: a rule without peers would let everybody in", async () => {
    const other = await build(changed(goodKubernetes(), ["services", "api", "uses"], ["database"]));
    const policy = spec(one("policy", "redis", other));
    assert.deepEqual([policy.policyTypes, policy.ingress], [["Ingress", "Egress"], undefined]);
    assert.ok(spec(one("policy", "redis")).ingress);
  });

  it("changes nothing of the others when a service comes that listens as they do", async () => {
    const { api } = goodKubernetes().services as Record<string, object>;
    const more = await build(
      changed(goodKubernetes(), ["services", "other"], { ...api, routes: ["/other"] }),
    );
    for (const each of graph.resources) {
      // What everything shares.
      if (["quota", "postgres", "redis"].includes(each.name)) continue;
      const same = more.resources.find(({ type, name }) => type === each.type && name === each.name);
      assert.deepEqual(same?.inputs, each.inputs, `${each.type} ${each.name}`);
    }
  });

  it("is reached through a Gateway with its certificate, redirects http and www, and sends each path to its service", () => {
    const { listeners } = spec(one("gateway", "site")) as unknown as { listeners: Record<string, unknown>[] };
    assert.deepEqual(
      listeners.map(({ name, hostname, port }) => [name, hostname, port]),
      [
        ["http", undefined, 80],
        ["https", "example.com", 443],
        ["https-www", "www.example.com", 443],
      ],
    );
    for (const [service, paths] of Object.entries({ api: ["/api", "/health"], web: ["/"] })) {
      const { rules } = spec(one("route", `route-site-${service}`)) as unknown as {
        rules: { matches: { path: { value: string } }[]; backendRefs: { name: string }[] }[];
      };
      assert.deepEqual(
        rules.map(({ matches, backendRefs }) => [
          backendRefs[0]?.name,
          matches.map(({ path }) => path.value),
        ]),
        [[service, paths]],
      );
    }
    assert.match(JSON.stringify(spec(one("route", "route-from-www"))), /"hostname":"example.com"/);
    assert.match(JSON.stringify(spec(one("route", "route-to-https"))), /"scheme":"https"/);
  });

  it("has the source document's Ingress where that is asked for", async () => {
    const other = await build(changed(goodKubernetes(), ["proxy"], { mode: "ingress" }));
    assert.deepEqual([...all("gateway", other), ...all("route", other)], []);
    assert.partialDeepStrictEqual(spec(one("ingress", "site", other)), {
      ingressClassName: "nginx",
      tls: [{ hosts: ["example.com", "www.example.com"], secretName: "site-tls" }],
    });
  });

  it("has its certificate from cert-manager, and one that nobody trusts until then, without which no question gets in", async () => {
    const { inputs } = one("certificate", "certificate");
    assert.partialDeepStrictEqual(inputs, {
      metadata: {
        name: "site-tls",
        annotations: {
          "cert-manager.io/issue-temporary-certificate": "true",
          "acme.cert-manager.io/http01-parentrefname": "site",
          "pulumi.com/skipAwait": "true",
        },
      },
      spec: {
        secretName: "site-tls",
        dnsNames: ["example.com", "www.example.com"],
        issuerRef: { kind: "ClusterIssuer", name: "letsencrypt-prod" },
      },
    });
    const solver = { key: "acme.cert-manager.io/http01-solver", operator: "In", values: ["true"] };
    assert.partialDeepStrictEqual(spec(one("policy", "certificate-solver")), {
      podSelector: { matchExpressions: [solver] },
      ingress: [{ ports: [{ port: 8089 }] }],
    });
    const given = { issuer: "given", certificate: "SECRET_KEY", key: "SECRET_KEY" };
    const other = await build(changed(goodKubernetes(), ["certificates"], given));
    assert.deepEqual(all("certificate", other), []);
    assert.equal(one("secret", "certificate", other).inputs.type, "kubernetes.io/tls");
    assert.ok(!all("policy", other).some(({ name }) => name === "certificate-solver"));
  });

  it("is known to its cluster by the cluster's address alone", async () => {
    const identifier = (of: Graph) =>
      of.resources.find(({ type }) => type === "pulumi:providers:kubernetes")?.inputs.clusterIdentifier;
    assert.equal(identifier(graph), "https://one.example.com:6443");
    const other = await build(changed(goodKubernetes(), ["cluster", "context"], "second"));
    assert.equal(identifier(other), "https://two.example.com:6443");
    const { error } = await buildFailing({
      stack: "production",
      config: changed(goodKubernetes(), ["cluster", "context"], "third"),
      secretKeys: ["secrets"],
    });
    assert.match(error.message, /cluster\.context is third, and .* needs one of: first, second/);
  });

  it("exports what the contract says", () => {
    assert.deepEqual(checkOutputs(graph.outputs), []);
    assert.partialDeepStrictEqual(graph.outputs, {
      target: "kubernetes",
      delivery: { strategy: "rolling" },
      urls: { web: "https://example.com" },
      protected: true,
    });
    const { database } = graph.outputs as { database: { secretRef: string } };
    assert.equal(database.secretRef, "k8s:production/postgres-secret/password");
  });

  describe("whose cluster is another stack's", () => {
    const KUBECONFIG = readFileSync("test/support/kubeconfig.yaml", "utf8");
    const config = changed(goodKubernetes(), ["cluster"], { stack: "platform/cluster" });
    const on = (lastOutputs: Record<string, unknown>) => ({
      stack: "production",
      config,
      secretKeys: ["secrets"],
      lastOutputs,
    });

    it("takes the kubeconfig from its outputs, encrypted, and knows the cluster by its address", async () => {
      const { resources } = await buildGraph(on({ kubeconfig: KUBECONFIG }));
      const provider = resources.find(({ type }) => type === "pulumi:providers:kubernetes");
      assert.deepEqual(provider?.inputs.kubeconfig, { secret: KUBECONFIG });
      assert.match(String(provider?.inputs.clusterIdentifier), /^https:/);
      const asObject = await buildGraph(on({ kubeconfig: parse(KUBECONFIG) as object }));
      const same = asObject.resources.find(({ type }) => type === "pulumi:providers:kubernetes");
      assert.equal(same?.inputs.clusterIdentifier, provider?.inputs.clusterIdentifier);
    });

    it("is refused while that one exports none", async () => {
      const { error, resources } = await buildFailing(on({}));
      assert.match(
        error.message,
        /^cluster\.stack: organization\/platform\/cluster exports no kubeconfig; needs/,
      );
      assert.deepEqual(
        resources.filter(({ type }) => type.startsWith("kubernetes:")),
        [],
      );
    });
  });
});
