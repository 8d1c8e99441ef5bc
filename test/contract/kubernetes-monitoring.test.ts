/** What the cluster's Prometheus Operator and Grafana are told. That they take it is for the real ones to show. */
import assert from "node:assert/strict";
import type { Panel } from "../../components/shared/metrics/dashboard.ts";
import type { AlertRule } from "../../components/shared/metrics/alerts.ts";
import { type Graph, type Registered, buildGraph } from "../support/graph.ts";
import { goodKubernetes, withBackup } from "../support/kubernetes-settings.ts";
import { type Config, changed } from "../support/settings.ts";

const build = (monitoring: Config | undefined, more: (config: Config) => Config = (config) => config) =>
  buildGraph({
    stack: "production",
    config: more(changed(goodKubernetes(), ["monitoring"], monitoring)),
    secretKeys: ["secrets"],
  });

describe("monitoring on a cluster", () => {
  let graph: Graph;
  before(
    async () =>
      (graph = await build({ namespace: "watch", labels: { release: "prom" }, alerts: { errorRate: 3 } })),
  );

  const ofKind = (kind: string, of = graph): Registered[] =>
    of.resources.filter(({ type }) => type.endsWith(`:${kind}`));
  const rules = (of = graph) => {
    const [resource] = ofKind("PrometheusRule", of);
    const { groups } = resource?.inputs.spec as { groups: { name: string; rules: AlertRule[] }[] };
    assert.equal(groups.length, 1);
    return groups[0]?.rules ?? [];
  };
  const panels = () => {
    const shown = ofKind("ConfigMap").find(({ name }) => name === "dashboard");
    const text = Object.values(shown?.inputs.data as Record<string, string>)[0];
    const { panels } = JSON.parse(String(text)) as { panels: (Panel | { type: "row" })[] };
    return panels.filter((panel): panel is Panel => panel.type !== "row");
  };

  it("asks the pods of every service that has metrics, by the labels that the Operator looks for", () => {
    const monitors = ofKind("PodMonitor");
    assert.deepEqual(
      monitors.map(({ inputs }) => (inputs.metadata as { name: string }).name),
      ["api"],
    );
    assert.partialDeepStrictEqual(monitors[0]?.inputs, {
      metadata: {
        namespace: "production",
        labels: { release: "prom", "app.kubernetes.io/name": "monitoring" },
      },
      spec: {
        selector: {
          matchLabels: { "app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "production" },
        },
        podMetricsEndpoints: [{ port: "http", path: "/metrics", interval: "15s" }],
      },
    });
  });

  it("lets Prometheus' namespace in to those, and to no other", () => {
    const watch = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "watch" } } };
    const open = ofKind("NetworkPolicy").filter(({ inputs }) =>
      JSON.stringify(inputs).includes(JSON.stringify(watch)),
    );
    assert.deepEqual(
      open.map(({ name }) => name),
      ["api"],
    );
  });

  it("has alerts about this namespace alone, each with its summary", () => {
    const all = rules();
    assert.ok(all.length >= 10, `${all.length} alerts`);
    for (const { alert, expr, annotations } of all) {
      // Every selector of a series says whose it is; ALERTS and vectors have none.
      const series = expr.match(/\{[^}]*\}/g) ?? [];
      assert.ok(
        series.length > 0 && series.every((one) => one.includes('namespace="production"')),
        `${alert}: ${expr}`,
      );
      assert.ok(annotations.summary.endsWith("."), alert);
    }
    assert.equal(new Set(all.map(({ alert }) => alert)).size, all.length);
    assert.match(all.find(({ alert }) => alert === "HighErrorRate")?.expr ?? "", / > 3 /);
  });

  it("alarms of certificates and backups where there are any", async () => {
    const names = (of: Graph) => rules(of).map(({ alert }) => alert);
    const about = ["CertificateExpiresSoon", "BackupFailed", "BackupLate"];
    const all = await build({}, () => changed(withBackup(), ["monitoring"], {}));
    assert.deepEqual(
      names(all).filter((name) => about.includes(name)),
      about,
    );
    const given = { issuer: "given", certificate: "SECRET_KEY", key: "SECRET_KEY" };
    const bare = await build({}, (config) => changed(config, ["certificates"], given));
    assert.deepEqual(
      names(bare).filter((name) => about.includes(name)),
      [],
    );
  });

  it("shows the source document's three, summed by service, of this namespace alone", () => {
    const of = (title: string) => panels().find((panel) => panel.title === title)?.targets[0]?.expr ?? "";
    assert.equal(
      of("Request Rate"),
      'sum by (service) (rate(http_requests_total{namespace="production"}[5m]))',
    );
    assert.match(of("Error Rate"), /status=~"5\.\."/);
    assert.match(of("Response Time p95"), /^histogram_quantile\(0\.95, sum by \(service, le\)/);
    for (const { title, targets } of panels())
      for (const { expr } of targets) assert.match(expr, /namespace="production"/, title);
  });

  it("is not there unless it is asked for", async () => {
    const none = await build(undefined);
    for (const kind of ["PodMonitor", "PrometheusRule"]) assert.deepEqual(ofKind(kind, none), []);
    assert.ok(!ofKind("ConfigMap", none).some(({ name }) => name === "dashboard"));
  });
});
