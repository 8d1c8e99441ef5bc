/** Monitoring of a running stack: turned on and off by an update, what it sees, and what it says when something is wrong. */
import assert from "node:assert/strict";
import { alertRules } from "../../../components/docker/monitoring/alerts.ts";
import { dashboard } from "../../../components/docker/monitoring/dashboard.ts";
import type { Panel } from "../../../components/shared/metrics/dashboard.ts";
import { monitoring } from "../../../components/settings/monitoring.ts";
import { LABEL } from "../../../components/shared/labels.ts";
import { ensureBaseImages, inspectImages } from "../../../toolchain/images.ts";
import { MONITORING_IMAGE_NAMES } from "../../../toolchain/pins.ts";
import { PROJECT } from "../../support/e2e-clone.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import {
  containerOf,
  containers,
  containersOf,
  docker,
  inside,
  leftovers,
} from "../../support/e2e-engine.ts";
import { NoAnswer, ask } from "../../support/e2e-http.ts";
import { Load, figures } from "../../support/e2e-load.ts";
import { marker, markersIn } from "../../support/e2e-markers.ts";
import { Webhook, hostAddress } from "../../support/e2e-outside.ts";
import { Prometheus, eventually } from "../../support/e2e-prometheus.ts";
import { dockerTraces } from "../../support/e2e-traces.ts";
import { freePort } from "../../support/free-port.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

const PARTS = MONITORING_IMAGE_NAMES.filter((name) => name !== "grafana");
/** Short, so that the test is: what a release takes, and twice what one look does. */
const ALERTS = { window: "20s", after: "4s" };
const UP = ["up", "--stack", "local", "--yes", "--skip-preview"];
const API = ["services", "api"];
const isMonitoring = (resource = "") => resource.startsWith("monitoring");

describe("monitoring", () => {
  const hookPath = marker("alarm", 24);
  const alarms = () => `/alarm?${hookPath.value}`;
  let site: Workspace;
  let hook: Webhook;
  let port: number;
  let prometheus: Prometheus;
  let others: string[];

  before("a stack without it, under a webhook's eyes", async () => {
    site = await started("monitoring");
    hook = await Webhook.open();
    port = await freePort();
    prometheus = new Prometheus(port);
    const url = `http://${await hostAddress()}:${hook.port}${alarms()}`;
    const key = `${PROJECT}:secrets.ALARM_URL`;
    const set = ["config", "set", "--secret", "--path", key, "--stack", "local"];
    succeeded(await site.pulumi(set, { input: url }));
    // Alarms of the rest of the stack go there, too.
    await site.change((settings) => settings.set(["alarm"], "ALARM_URL"));
    succeeded(await site.pulumi(UP));
    others = await otherIds();
  });
  after(async () => {
    await hook?.close();
    await site?.dispose();
  });

  /** Containers that are none of monitoring's, those that have ended included. */
  async function otherIds(): Promise<string[]> {
    const all = await containers();
    return all
      .filter((one) => !isMonitoring(one.Config.Labels[LABEL.resource]))
      .map((one) => one.Id)
      .sort();
  }

  /** An update by plain Pulumi with the site under load. */
  async function update(what: string) {
    const load = new Load(site.origin);
    const ran = await site.pulumi(UP);
    const report = await load.stop();
    succeeded(ran);
    console.log(`      ${what}: ${ran.seconds.toFixed(1)} s; ${figures(report)}`);
    return report;
  }

  async function unchanged(): Promise<void> {
    succeeded(await site.pulumi(["preview", "--stack", "local", "--expect-no-changes"]));
  }

  it("is turned on by an update that fails no request and touches no other container", async () => {
    const images = await ensureBaseImages({ names: PARTS, log: (line) => console.log(`      ${line}`) });
    await site.change((settings) => {
      for (const name of PARTS) settings.set(["images", name], images[name]?.reference);
      settings.set(["monitoring"], { interval: "2s", port, grafana: { enabled: false }, alerts: ALERTS });
    });
    const report = await update("turned on");
    assert.deepEqual(report.failures, []);
    assert.deepEqual(report.unexpected, []);
    assert.deepEqual(await otherIds(), others);
    await unchanged();
  });

  it("sees everything: every target is up, both containers of the api among them", async () => {
    const expected = {
      prometheus: 1,
      host: 1,
      containers: 1,
      alarms: 1,
      site: 2,
      part: 2,
      "service/api": 2,
    };
    await eventually("all targets up", 60, async () => {
      const targets = await prometheus.targets();
      const up = targets.filter(({ health }) => health === "up").map(({ labels }) => labels.job ?? "");
      const counts = Object.fromEntries(
        [...new Set(up)].map((job) => [job, up.filter((one) => one === job).length]),
      );
      assert.deepEqual(counts, expected);
      assert.equal(targets.length, up.length, JSON.stringify(targets.map(({ lastError }) => lastError)));
      return true;
    });
    for (const [job, part] of [
      ["site", "https://localhost/health"],
      ["part", "postgres"],
      ["part", "redis"],
    ])
      assert.equal(await prometheus.number(`probe_success{job="${job}", instance="${part}"}`), 1, part);
  });

  it("answers every question of the dashboard while the site is used", async () => {
    const load = new Load(site.origin);
    const { panels } = dashboard(monitoring.parse({ interval: "2s", alerts: ALERTS }), "test");
    const shown = panels.filter((panel): panel is Panel => panel.type !== "row");
    try {
      for (const { title = "", targets } of shown) {
        for (const { expr } of targets) {
          const series = await eventually(`${title}: ${expr}`, 60, async () => {
            const answer = await prometheus.query(expr);
            return answer.some(({ value }) => !Number.isNaN(Number(value[1]))) ? answer : undefined;
          });
          const first = series.map(({ metric, value }) => `${Object.values(metric).join(" ")} ${value[1]}`);
          console.log(`      ${title}: ${first.slice(0, 3).join(", ").slice(0, 110)}`);
        }
      }
      // The load is some dozen requests a second: the figures are of it.
      const rate = "sum by (service) (rate(http_requests_total[20s]))";
      await eventually("the load", 30, async () =>
        ((await prometheus.number(rate)) ?? 0) > 5 ? true : undefined,
      );
    } finally {
      await load.stop();
    }
  });

  it("has every metric that its alerts are about: of one that is not there nothing would ever be said", async () => {
    const rules = alertRules(monitoring.parse({}), ["api"]);
    const names = rules.flatMap(
      ({ expr }) => expr.match(/\b(up|(node|container|probe|tristack|http)_[a-z_]+)\b/g) ?? [],
    );
    const metrics = [...new Set(names)].filter((name) => name !== "container_id");
    assert.ok(metrics.length >= 12, metrics.join());
    for (const metric of metrics) assert.ok((await prometheus.query(metric)).length > 0, metric);
  });

  it("knows the containers by name, though it has no access to Docker", async () => {
    const named = await prometheus.query(
      "count by (resource) (container_memory_working_set_bytes * on (container_id) group_left (resource) tristack_container_info)",
    );
    const counts = Object.fromEntries(
      named.map(({ metric, value }) => [metric.resource ?? "", Number(value[1])]),
    );
    const { api, web, postgres, redis, proxy, certificates } = counts;
    assert.deepEqual(
      { api, web, postgres, redis, proxy, certificates },
      {
        ...{ api: 2, web: 2, postgres: 1, redis: 1 },
        ...{ proxy: 1, certificates: 1 },
      },
    );
    const mounts = (await containers()).flatMap(({ Mounts, Config }) =>
      isMonitoring(Config.Labels[LABEL.resource]) ? Mounts.map(({ Destination }) => Destination) : [],
    );
    assert.ok(!mounts.some((path) => path.includes("docker.sock")), mounts.join());
  });

  it("tells the memory of each container as Docker does", async () => {
    const { Id } = await containerOf("postgres");
    const seen = (await prometheus.number(`container_memory_working_set_bytes{container_id="${Id}"}`)) ?? 0;
    const limit = await prometheus.number(`container_spec_memory_limit_bytes{container_id="${Id}"}`);
    assert.equal(limit, (await containerOf("postgres")).HostConfig.Memory);
    const told = mebibytes((await stats(["postgres"])).get("postgres") ?? "");
    assert.ok(Math.abs(seen / 2 ** 20 - told) < 20, `${seen / 2 ** 20} MiB, and Docker says ${told}`);
  });

  it("has configurations that Prometheus' and Alertmanager's own tools find nothing wrong with", async () => {
    const folder = "/tmp/configuration";
    await inside("monitoring-prometheus", "promtool", "check", "config", `${folder}/prometheus.yml`);
    await inside("monitoring-prometheus", "promtool", "check", "rules", "--lint=all", `${folder}/rules.yml`);
    await inside("monitoring-alertmanager", "amtool", "check-config", `${folder}/alertmanager.yml`);
  });

  it("is on the host's loopback address alone, and so are the metrics of services", async () => {
    assert.equal((await ask(`${prometheus.origin}/-/ready`)).status, 200);
    await assert.rejects(ask(`http://${await hostAddress()}:${port}/-/ready`), NoAnswer);
    for (const path of ["/metrics", "/api/metrics", "/__release", "/probe"])
      assert.doesNotMatch(String((await site.ask(path)).body), /http_requests_total|# TYPE/, path);
    // Among the containers, only those of monitoring's own network find its other parts.
    const lookup =
      "require('dns').lookup(process.argv[1], (error) => console.log(error ? 'unknown' : 'found'))";
    for (const [host, expected] of [
      ["alertmanager", "unknown"],
      ["cadvisor", "unknown"],
      ["proxy", "found"],
    ] as const) {
      const [web] = await containersOf("web");
      assert.equal(await docker("exec", web?.Id ?? "", "node", "-e", lookup, host), expected, host);
    }
  });

  it("keeps metrics from outside even where a route leads to them", async () => {
    await site.change((settings) => settings.set([...API, "routes"], ["/api", "/health", "/metrics"]));
    await update("a route to the metrics");
    for (const path of ["/metrics", "/metrics/", "/Metrics", "/%6detrics", "//metrics", "/metrics?x=1"]) {
      const { status, body, headers } = await site.ask(path);
      assert.equal(status, 404, path);
      assert.doesNotMatch(String(body), /http_requests_total/, path);
      assert.equal(headers["x-release"], undefined, `${path}: nginx's own answer`);
    }
    assert.equal((await site.ask("/api/items")).status, 200);
    await site.change((settings) => settings.set([...API, "routes"], ["/api", "/health"]));
    await update("and back");
    // The switch is another container now; whoever serves is the same.
    others = await otherIds();
  });

  it("uses this much memory", async () => {
    const parts = PARTS.map((name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
    const used = await stats(parts.map((part) => `monitoring-${part}`));
    const rows = [...used].map(([name, memory]) => `${name} ${memory}`);
    const total = [...used.values()].reduce((sum, memory) => sum + mebibytes(memory), 0);
    console.log(`      ${rows.join(", ")}; together ${total.toFixed(0)} MiB`);
    assert.equal(used.size, PARTS.length);
    assert.ok(total < 300, `${total} MiB`);
  });

  it("alarms in Slack's form when a fifth of the answers are errors, and says when it is over", async () => {
    const from = hook.messages.length;
    await site.change((settings) => settings.set([...API, "environment", "FAULT"], "errors"));
    succeeded(await site.pulumi(UP));
    const load = new Load(site.origin);
    const since = Date.now();
    const text = await hook.wait(alarms(), /^FIRING: HighErrorRate \(local\): /, from, 90);
    console.log(`      after ${((Date.now() - since) / 1000).toFixed(0)} s: ${text}`);
    assert.match(text, /: (1[5-9]|2[0-5])\.\d % of the answers of api are 5xx \(limit 5 %\)\./);
    await site.change((settings) => settings.set([...API, "environment", "FAULT"], undefined));
    succeeded(await site.pulumi(UP));
    await hook.wait(alarms(), /^RESOLVED: HighErrorRate/, from, 120);
    await load.stop();
    others = await otherIds();
  });

  it("alarms when the proxy and a container of web are stopped", async () => {
    const from = hook.messages.length;
    const [web] = await containersOf("web");
    const stopped = [(await containerOf("proxy")).Id, web?.Id ?? ""];
    await docker("stop", ...stopped);
    const since = Date.now();
    const seen = async (alert: RegExp) => {
      const text = await hook.wait(alarms(), alert, from, 90);
      console.log(`      after ${((Date.now() - since) / 1000).toFixed(0)} s: ${text.trim()}`);
    };
    try {
      await seen(/^FIRING: SiteDown .*https:\/\/localhost\/ does not answer/s);
      await seen(/^FIRING: ContainerDown .*A container of web does not run\./s);
    } finally {
      await docker("start", ...stopped);
    }
    await hook.wait(alarms(), /^RESOLVED: SiteDown/, from, 120);
    await eventually("the site", 30, async () => ((await site.ask("/")).status === 200 ? true : undefined));
  });

  it("alarms when a container restarts again and again", async () => {
    const from = hook.messages.length;
    const { Id } = await containerOf("certificates");
    const started = () => docker("inspect", "--format", "{{.State.StartedAt}}", Id);
    for (let kill = 1; kill <= 2; kill += 1) {
      const before = await started();
      // By its number: what Docker itself has stopped it does not start again.
      process.kill(Number(await docker("inspect", "--format", "{{.State.Pid}}", Id)), "SIGKILL");
      await eventually("another start", 30, async () => ((await started()) === before ? undefined : true));
      // Every start has to be seen once.
      await new Promise((resolve) => setTimeout(resolve, 6000));
    }
    const text = await hook.wait(alarms(), /^FIRING: ContainerRestarting/, from, 60);
    assert.match(text, /A container of certificates has restarted 2 times in 15 minutes\./);
  });

  it("was silent about everything that was not wrong", () => {
    const titles = hook.of(alarms()).map((text) => /^FIRING: (\w+)/.exec(text)?.[1] ?? "");
    const named = new Set(titles.filter((title) => title !== ""));
    for (const alert of ["HighErrorRate", "SiteDown", "ContainerDown", "ContainerRestarting"])
      named.delete(alert);
    assert.deepEqual([...named], []);
  });

  it("loses no metrics when a threshold changes: Prometheus alone is made anew", async () => {
    const own = async () =>
      new Map((await containers()).map((one) => [one.Config.Labels[LABEL.resource], one.Id]));
    const old = await own();
    const samples = async () => (await prometheus.number('count_over_time(up{job="host"}[30m])')) ?? 0;
    const seen = await samples();
    await site.change((settings) => settings.set(["monitoring", "alerts"], { ...ALERTS, disk: 90 }));
    await update("another threshold");
    assert.deepEqual(await otherIds(), others);
    const changed = [...(await own())].filter(([name, id]) => old.get(name) !== id).map(([name]) => name);
    // And the one that tells the others' names, Prometheus' among them.
    assert.deepEqual(changed.sort(), ["monitoring-node-exporter", "monitoring-prometheus"]);
    await eventually("metrics of before and after", 60, async () =>
      (await samples()) > seen ? true : undefined,
    );
    await unchanged();
  });

  it("leaves the webhook's address in no inspect, no log and no output", async () => {
    const traces = [...(await dockerTraces()), ...site.said.map((text) => ({ where: "a command", text }))];
    assert.ok(
      traces.some(({ text }) => text.includes("/run/secrets/ALARM_URL")),
      "there is something to search",
    );
    assert.deepEqual(
      traces.flatMap(({ where, text }) => markersIn(text, [hookPath]).map((name) => `${name} in ${where}`)),
      [],
    );
  });

  it("is found by the command, which has nothing to say of a stack without it", async () => {
    const ran = succeeded(await site.tristack(["monitoring", "local"]));
    assert.match(ran.stdout, new RegExp(`Prometheus +http://127\\.0\\.0\\.1:${port}`));
    ended(await site.tristack(["monitoring", "local", "--password"]), 1);
  });

  it("gets its images by npm start, which changes nothing when they are there", async () => {
    await site.change((settings) => settings.set(["images"], undefined));
    const { changed } = JSON.parse(succeeded(await site.start(["--no-build", "--json"])).stdout) as {
      changed: unknown[];
    };
    assert.equal(changed, 0);
    await unchanged();
  });

  it("with Grafana is refused by npm start in words where its image cannot be pulled", async function () {
    const { grafana } = await inspectImages(["grafana"]);
    if (grafana?.origin !== "missing") return this.skip();
    await site.change((settings) => settings.set(["monitoring", "grafana", "enabled"], true));
    const ran = ended(await site.start(["--no-build"]), 1);
    assert.match(ran.all, /grafana\/grafana:\S+ cannot be pulled.*monitoring\.grafana\.enabled: false/);
    await site.change((settings) => settings.set(["monitoring", "grafana", "enabled"], false));
    await unchanged();
  });

  it("with Grafana shows the dashboard (not run where Grafana's image cannot be pulled: there is no other)", async function () {
    const { grafana } = await ensureBaseImages({ names: ["grafana"] }).catch(() =>
      inspectImages(["grafana"]),
    );
    if (grafana?.origin !== "official") return this.skip();
    const grafanaPort = await freePort();
    await site.change((settings) => settings.set(["monitoring", "grafana"], { port: grafanaPort }));
    await update("Grafana");
    const password = succeeded(await site.tristack(["monitoring", "local", "--password"])).stdout.trim();
    const origin = `http://127.0.0.1:${grafanaPort}`;
    const headers = { authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}` };
    const path = "/api/dashboards/uid/tristack";
    await eventually("the dashboard", 60, async () =>
      (await ask(origin + path, { headers })).status === 200 ? true : undefined,
    );
    assert.equal((await ask(origin + path)).status, 401);
    await unchanged();
  });

  it("is turned off without a trace, and without touching anything else", async () => {
    await site.change((settings) => settings.set(["monitoring"], undefined));
    const report = await update("turned off");
    assert.deepEqual(report.failures, []);
    assert.deepEqual(await otherIds(), others);
    const { networks, volumes, containers: names } = await leftovers("local");
    assert.deepEqual(
      [...networks, ...volumes, ...names].filter((name) => /monitoring|metrics/.test(name)),
      [],
    );
    await unchanged();
    ended(await site.tristack(["monitoring", "local"]), 2);
  });
});

/** Memory of the running containers of these resources, as `docker stats` says it. */
async function stats(resources: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const resource of resources) {
    const { Id } = await containerOf(resource);
    const [used = ""] = (await docker("stats", "--no-stream", "--format", "{{.MemUsage}}", Id)).split(" ");
    found.set(resource, used);
  }
  return found;
}

function mebibytes(text: string): number {
  const factors: Readonly<Record<string, number>> = { B: 1 / 2 ** 20, KiB: 1 / 1024, MiB: 1, GiB: 1024 };
  const [, amount = "", unit = ""] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
  return Number(amount) * (factors[unit] ?? Number.NaN);
}
