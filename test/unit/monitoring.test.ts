/** What Prometheus and Grafana are told; that they take it is for the real engines to show. */
import assert from "node:assert/strict";
import { alertRules } from "../../components/docker/monitoring/alerts.ts";
import { dashboard } from "../../components/docker/monitoring/dashboard.ts";
import { grafanaFiles, grafanaVariables } from "../../components/docker/monitoring/grafana.ts";
import { scraping } from "../../components/docker/monitoring/scraping.ts";
import { DATASOURCE, type Panel } from "../../components/shared/metrics/dashboard.ts";
import { monitoring } from "../../components/settings/monitoring.ts";
import { parse } from "yaml";

const settings = monitoring.parse({});

describe("the dashboard", () => {
  const { panels, annotations, uid } = dashboard(settings, "shop, production");
  const shown = panels.filter((panel): panel is Panel => panel.type !== "row");
  const expressions = shown.flatMap(({ targets }) => targets.map(({ expr }) => expr));

  it("has what the source document has: request rate, error rate and p95, each summed by service", () => {
    const of = (title: string) => shown.find((panel) => panel.title === title)?.targets[0]?.expr ?? "";
    assert.equal(of("Request Rate"), "sum by (service) (rate(http_requests_total{}[5m]))");
    assert.match(of("Error Rate"), /status=~"5\.\."/);
    assert.match(
      of("Response Time p95"),
      /^histogram_quantile\(0\.95, sum by \(service, le\) \(rate\(http_request_duration_seconds_bucket\{\}\[5m\]\)\)\)$/,
    );
  });

  it("shows host, containers, site, PostgreSQL, and marks releases", () => {
    const all = [...expressions, ...annotations.list.map(({ expr }) => expr)].join("\n");
    for (const metric of [
      "node_filesystem_avail_bytes",
      "node_memory_MemAvailable_bytes",
      "container_cpu_usage_seconds_total",
      "container_memory_working_set_bytes",
      'probe_success{job="site"}',
      'instance="postgres"',
      "offset 1m",
    ]) {
      assert.ok(all.includes(metric), metric);
    }
  });

  it("has no rate that is not summed, and no variable that only Grafana could fill in", () => {
    for (const expr of expressions) {
      assert.doesNotMatch(expr, /\$/, expr);
      assert.doesNotMatch(expr, /^rate\(/, expr);
    }
  });

  it("has ids of its own for every panel, and none on top of another or beyond the edge", () => {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const cells = new Map<string, string>();
    for (const { title = "", gridPos } of panels) {
      assert.ok(gridPos, title);
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      for (let x: number = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y: number = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.equal(cells.get(`${x},${y}`), undefined, `${title} is on top of ${cells.get(`${x},${y}`)}`);
          cells.set(`${x},${y}`, title);
        }
      }
    }
  });

  it("is provisioned with the data source that its panels ask", () => {
    const files = grafanaFiles(settings, "shop, production");
    const [sources, providers] = ["datasources/prometheus.yml", "dashboards/tristack.yml"].map(
      (end) => Object.entries(files).find(([path]) => path.endsWith(end))?.[1] ?? "",
    );
    const { datasources } = parse(sources ?? "") as { datasources: Record<string, unknown>[] };
    assert.equal(datasources[0]?.uid, DATASOURCE.uid);
    for (const { datasource } of shown) assert.deepEqual(datasource, DATASOURCE);
    const { options } = (parse(providers ?? "") as { providers: { options: { path: string } }[] })
      .providers[0]!;
    const home = grafanaVariables(settings, "/x").GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? "";
    assert.ok(home.startsWith(`${options.path}/`));
    assert.equal((JSON.parse(files[home] ?? "{}") as { uid: string }).uid, uid);
  });
});

describe("Grafana", () => {
  it("lets nobody in without the password, which is in a file", () => {
    const variables = grafanaVariables(settings, "/run/secrets/GRAFANA_PASSWORD");
    assert.equal(variables.GF_AUTH_ANONYMOUS_ENABLED, "false");
    assert.equal(variables.GF_USERS_ALLOW_SIGN_UP, "false");
    assert.equal(variables.GF_SECURITY_ADMIN_PASSWORD__FILE, "/run/secrets/GRAFANA_PASSWORD");
  });
});

describe("Prometheus", () => {
  const args = {
    settings,
    labels: { project: "shop", stack: "production" },
    domain: "shop.example.com",
    services: [{ name: "api", port: 8000, path: "/metrics" }],
    alarms: true,
  };

  it("looks as often as the source document says, and finds the containers of a service whatever their release", () => {
    const { global, scrape_configs } = scraping(args, "/rules.yml");
    assert.equal(global.scrape_interval, "15s");
    const api = scrape_configs.find(({ job_name }) => job_name === "service/api");
    assert.deepEqual(api, {
      job_name: "service/api",
      metrics_path: "/metrics",
      dns_sd_configs: [{ names: ["api.service"], type: "A", port: 8000, refresh_interval: "15s" }],
      relabel_configs: [{ target_label: "service", replacement: "api" }],
    });
  });

  it("never waits longer for an answer than until it asks again", () => {
    const often = monitoring.parse({ interval: "2s" });
    assert.equal(scraping({ ...args, settings: often }, "/rules.yml").global.scrape_timeout, "2s");
    assert.equal(scraping(args, "/rules.yml").global.scrape_timeout, "10s");
  });

  it("knows an Alertmanager only where alarms go somewhere", () => {
    const jobs = (alarms: boolean) =>
      scraping({ ...args, alarms }, "/rules.yml").scrape_configs.map(({ job_name }) => job_name);
    assert.ok(jobs(true).includes("alarms"));
    assert.ok(!jobs(false).includes("alarms"));
    assert.ok(!("alerting" in scraping({ ...args, alarms: false }, "/rules.yml")));
  });

  it("takes the id of a container from its control group, with and without systemd", () => {
    const { scrape_configs } = scraping(args, "/rules.yml");
    const job = scrape_configs.find(({ job_name }) => job_name === "containers");
    assert.ok(job && "metric_relabel_configs" in job);
    const regex = job.metric_relabel_configs?.[0]?.regex ?? "";
    // Prometheus anchors its expressions at both ends.
    const pattern = new RegExp(`^(?:${regex})$`);
    const id = "0123456789abcdef".repeat(4);
    for (const group of [`/docker/${id}`, `/system.slice/docker-${id}.scope`])
      assert.equal(pattern.exec(group)?.[1], id, group);
    for (const group of ["/", "/system.slice/ssh.service", `/docker/${id}/inner`])
      assert.equal(pattern.exec(group), null, group);
  });
});

describe("alerts", () => {
  it("say what is wrong in words, and how bad it is", () => {
    const rules = alertRules(settings, ["api", "web"]);
    assert.equal(
      new Set(rules.map(({ alert }) => alert)).size,
      rules.length - 1,
      "one ServiceDown a service",
    );
    for (const { alert, annotations, labels } of rules) {
      assert.match(alert, /^[A-Z][A-Za-z]+$/);
      assert.match(annotations.summary, /\.$/, alert);
      assert.match(labels.severity, /^(critical|warning)$/);
    }
  });

  it("follow the thresholds of the settings", () => {
    const strict = monitoring.parse({ alerts: { errorRate: 2.5, p95: 0.25, disk: 60, after: "20s" } });
    const text = JSON.stringify(alertRules(strict, []));
    for (const part of ["> 2.5 and", "> 0.25 and", "> 60", '"for":"20s"'])
      assert.ok(text.includes(part), part);
  });

  it("of what is down come within a minute, whatever `after` says", () => {
    const fors = (after: string) =>
      alertRules(monitoring.parse({ alerts: { after } }), ["api"])
        .filter(({ alert }) => /^(Site|Postgres|Redis|Service)Down$/.test(alert))
        .map((rule) => rule.for);
    assert.deepEqual(new Set(fors("5m")), new Set(["60s"]));
    assert.deepEqual(new Set(fors("5s")), new Set(["5s"]));
  });
});
