/** Monitoring in the graph of a stack: what it adds, what it leaves alone, and what it may. */
import assert from "node:assert/strict";
import { checkOutputs } from "../../components/outputs.ts";
import { type Graph, type Registered, buildGraph, stackFile } from "../support/graph.ts";

const CONTAINER = "docker:index/container:Container";
const SECRETS = {
  SECRET_KEY: "marker-of-a-planted-secret",
  HOOK: "https://hooks.example.com/marker-of-the-hook",
};
const PARTS = ["alertmanager", "blackbox", "cadvisor", "grafana", "node-exporter", "prometheus"];

const build = (over: Record<string, unknown> = {}) =>
  buildGraph({
    stack: "production",
    config: stackFile("Pulumi.production.yaml", {
      release: { version: "v1.0.0" },
      secrets: SECRETS,
      ...over,
    }),
    secretKeys: ["secrets"],
  });
const isMonitoring = ({ name }: Registered) => name.startsWith("monitoring-");
const containers = (graph: Graph) => graph.resources.filter(({ type }) => type === CONTAINER);
const running = (graph: Graph) =>
  containers(graph).filter((one) => isMonitoring(one) && !one.name.endsWith("-secrets"));
const names = (resources: Registered[]) => resources.map(({ name }) => name).sort();

describe("monitoring", () => {
  let off: Graph;
  let on: Graph;
  const inputs = (part: string) => {
    const found = containers(on).find(({ name }) => name === `monitoring-${part}`);
    assert.ok(found, `no container of ${part}`);
    return found.inputs;
  };

  before(async () => {
    off = await build({ alarm: "HOOK" });
    on = await build({ monitoring: {}, alarm: "HOOK" });
  });

  it("is off where the settings do not have it", () => {
    assert.deepEqual(names(off.resources.filter(isMonitoring)), []);
    assert.equal(off.outputs.monitoring, null);
  });

  it("is one setting, and adds its own parts alone: nothing else of the stack changes", () => {
    assert.deepEqual(
      names(running(on)),
      PARTS.map((part) => `monitoring-${part}`),
    );
    const others = (graph: Graph) =>
      graph.resources
        .filter((one) => !isMonitoring(one) && !["monitoring", "metrics"].includes(one.name))
        .map(({ type, name, inputs: all }): [string, string, unknown] => [type, name, all])
        // In which order the engine hears of them, nothing says.
        .sort(([type, name], [otherType, otherName]) =>
          `${type} ${name}`.localeCompare(`${otherType} ${otherName}`),
        );
    const containersOf = (graph: Graph) => others(graph).filter(([type]) => type !== "pulumi:pulumi:Stack");
    assert.deepEqual(containersOf(on), containersOf(off));
  });

  it("is in the outputs, which keep their contract", () => {
    assert.deepEqual(checkOutputs(on.outputs), []);
    assert.deepEqual(on.outputs.monitoring, {
      metrics: "http://127.0.0.1:9090",
      dashboards: "http://127.0.0.1:3001",
    });
  });

  it("publishes nothing but to the host itself", () => {
    const published = containers(on).flatMap(({ name, inputs: { ports } }) =>
      ((ports ?? []) as { ip?: string; external: number }[]).map((port) => [name, port.ip, port.external]),
    );
    assert.deepEqual(
      published.filter(([name]) => name !== "proxy").sort(),
      [
        ["monitoring-grafana", "127.0.0.1", 3001],
        ["monitoring-prometheus", "127.0.0.1", 9090],
      ].sort(),
    );
  });

  it("keeps the rules for containers: no root, no capability, no privilege, read-only", () => {
    for (const { name, inputs: all, deleteBeforeReplace } of running(on)) {
      assert.equal(all.readOnly, true, name);
      assert.match(String(all.user), /^(65534:65534|472:0)$/, name);
      assert.deepEqual(all.capabilities, { drops: ["ALL"], adds: [] }, name);
      assert.deepEqual(all.securityOpts, ["no-new-privileges:true"], name);
      assert.equal(all.memorySwap, all.memory, name);
      assert.equal(all.restart, "always", name);
      assert.ok(!("privileged" in all) && !("devices" in all) && !("pidMode" in all), name);
      assert.ok(deleteBeforeReplace, name);
    }
  });

  it("mounts of the host the control groups alone, read-only, and never Docker's socket", () => {
    const mounts = running(on).flatMap(({ name, inputs: { volumes } }) =>
      ((volumes ?? []) as { hostPath?: string; readOnly?: boolean }[]).map((volume) => ({ name, ...volume })),
    );
    const ofHost = mounts.filter(({ hostPath }) => hostPath !== undefined);
    assert.deepEqual(
      ofHost.map(({ name, hostPath, readOnly }) => [name, hostPath, readOnly]),
      [["monitoring-cadvisor", "/sys/fs/cgroup", true]],
    );
    assert.doesNotMatch(JSON.stringify(on.resources), /docker\.sock/);
  });

  it("is out of reach for the application's containers, but for what asks them", () => {
    const networks = (part: string) =>
      (inputs(part).networksAdvanced as { name: string }[]).map(({ name }) => name.replace(/-docker$/, ""));
    const own = "monitoring-network";
    assert.deepEqual(networks("prometheus"), [own, "network-frontend"]);
    assert.deepEqual(networks("blackbox"), [own, "network-frontend", "network-backend"]);
    for (const part of ["alertmanager", "cadvisor", "grafana", "node-exporter"])
      assert.deepEqual(networks(part), [own], part);
  });

  it("gives the webhook and Grafana's password as secret files alone", () => {
    const secrets = (part: string) =>
      inputs(`${part}-secrets`).uploads as { content: unknown; permissions: string }[];
    for (const part of ["alertmanager", "grafana"]) {
      for (const { content, permissions } of secrets(part)) {
        assert.ok(typeof content === "object" && content !== null && "secret" in content, part);
        assert.equal(permissions, "0400");
      }
    }
    const plain = JSON.stringify(running(on).map(({ inputs: all }) => all));
    assert.doesNotMatch(plain, /marker-of|generated-for/);
    assert.match(plain, /api_url_file: \/run\/secrets\/ALARM_URL/);
  });

  it("knows every container that is meant to run by its name", () => {
    const text = JSON.stringify(inputs("node-exporter").command);
    const watched = [...text.matchAll(/container_id=\\"([^"\\]+)\\",resource=\\"([^"\\]+)\\"/g)].map(
      ([, , part]) => part,
    );
    assert.deepEqual([...new Set(watched)].sort(), [
      "alarms",
      "api",
      "backup",
      "backup-courier",
      "certificates",
      ...PARTS.filter((part) => part !== "node-exporter").map((part) => `monitoring-${part}`),
      "postgres",
      "proxy",
      "redis",
      "web",
    ]);
    assert.match(text, /resource=\\"api\\",service=\\"api\\",version=\\"v1\.0\.0\\"/);
  });

  it("has no Alertmanager where alarms go nowhere, and no Grafana where it is not wanted", async () => {
    const small = await build({ monitoring: { grafana: { enabled: false }, port: 9999 } });
    assert.deepEqual(
      names(running(small)),
      ["blackbox", "cadvisor", "node-exporter", "prometheus"].map((part) => `monitoring-${part}`),
    );
    assert.deepEqual(small.outputs.monitoring, { metrics: "http://127.0.0.1:9999", dashboards: null });
  });

  it("makes anew Prometheus alone when a threshold changes", async () => {
    const changed = await build({ monitoring: { alerts: { errorRate: 1 } }, alarm: "HOOK" });
    const before = new Map(containers(on).map((one) => [one.name, JSON.stringify(one.inputs)]));
    const different = containers(changed).filter(
      (one) => before.get(one.name) !== JSON.stringify(one.inputs),
    );
    assert.deepEqual(names(different), ["monitoring-prometheus"]);
  });
});
