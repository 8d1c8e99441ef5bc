/** Settings that are right: of each kind, at their bounds, and with their defaults. */
import assert from "node:assert/strict";
import {
  changed,
  goodConfig,
  problemLines,
  rawConfig,
  vpsSettings,
  vpsSettingsOf,
} from "../support/settings.ts";

describe("good settings", () => {
  const good = (change: Record<string, unknown>) => problemLines({ ...goodConfig(), ...change });
  const local = { environment: { kind: "local" }, domain: undefined, certificates: undefined };

  it("of each kind of environment", () => {
    assert.deepEqual(good({}), []);
    assert.deepEqual(good({ environment: { kind: "staging" } }), []);
    assert.deepEqual(good(local), []);
    assert.deepEqual(good({ ...local, domain: "shop.example.com" }), []);
    const preview = { kind: "preview", expiresAt: "2026-12-01T00:00:00Z", pullRequest: 42 };
    assert.deepEqual(good({ environment: preview }), []);
    assert.deepEqual(good({ environment: preview, certificates: { issuer: "self-signed" } }), []);
  });

  it("of the smallest kind get every default", () => {
    const config = {
      target: "vps",
      environment: { kind: "local" },
      services: { web: { image: "web", port: 80, routes: ["/"] } },
    };
    assert.deepEqual(vpsSettings(config), {
      target: "vps",
      environment: { kind: "local" },
      domain: "localhost",
      services: {
        web: {
          image: "web",
          port: 80,
          routes: ["/"],
          replicas: 2,
          cpu: 1,
          memory: "1GiB",
          health: { path: "/health", interval: "5s", timeout: "3s", startup: "20s", retries: 3 },
          drain: "40s",
          uses: [],
          environment: {},
          secrets: [],
          writable: [],
          user: "1000:1000",
        },
      },
      delivery: {
        bake: "60s",
        maxErrors: 1,
        maxP99: "3s",
        probe: [],
        keepPrevious: true,
        hooks: {},
      },
      database: { name: "app", user: "app", cpu: 2, memory: "2GiB" },
      cache: { cpu: 1, memory: "512MiB" },
      proxy: { httpPort: 80, httpsPort: 443, bodyLimit: "10MiB", timeout: "60s" },
      certificates: { issuer: "self-signed", names: [] },
      host: {
        sshOptions: [],
        prepare: { publicKeys: [], docker: "docker", swap: "1GiB", ports: [], reboot: false },
      },
      registries: [],
      images: {
        nginx: "nginx:1.28-alpine",
        postgres: "postgres:16-alpine",
        redis: "redis:7-alpine",
        certbot: "certbot/dns-route53:v5.1.0",
        prometheus: "prom/prometheus:v3.13.3",
        alertmanager: "prom/alertmanager:v0.34.0",
        nodeExporter: "prom/node-exporter:v1.12.1",
        blackbox: "prom/blackbox-exporter:v0.28.0",
        cadvisor: "ghcr.io/google/cadvisor:v0.60.5",
        grafana: "grafana/grafana:12.4.4",
      },
      secrets: {},
    });
  });

  it("with monitoring get its defaults", () => {
    const settings = vpsSettings({ ...goodConfig(), monitoring: {} });
    assert.deepEqual(settings.monitoring, {
      interval: "15s",
      retention: "15d",
      retentionSize: "2GiB",
      memory: "512MiB",
      port: 9090,
      grafana: { enabled: true, port: 3001, memory: "256MiB" },
      alerts: {
        errorRate: 5,
        p95: 1,
        disk: 85,
        memory: 90,
        certificate: "14d",
        window: "5m",
        after: "5m",
      },
    });
  });

  it("with letsencrypt get its directory", () => {
    const settings = vpsSettings(goodConfig());
    assert.deepEqual(settings.certificates, {
      issuer: "letsencrypt",
      email: "ops@example.com",
      server: "https://acme-v02.api.letsencrypt.org/directory",
      names: [],
      challenge: { kind: "http" },
    });
  });

  it("with a wildcard by DNS, a private issuer, and alarms", () => {
    const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n+/==\n-----END CERTIFICATE-----\n";
    const certificates = {
      issuer: "letsencrypt",
      email: "ops@example.com",
      authority: pem + pem,
      names: ["www.example.com", "*.preview.example.com"],
      challenge: { kind: "dns", provider: "route53", accessKey: "API_KEY", secretKey: "API_KEY" },
    };
    const settings = vpsSettings({ ...goodConfig(), certificates, alarm: "API_KEY" });
    assert.deepEqual(settings.certificates, {
      ...certificates,
      server: "https://acme-v02.api.letsencrypt.org/directory",
      challenge: { ...certificates.challenge, region: "us-east-1" },
    });
    // What the stack signs itself may be for any name.
    assert.deepEqual(good({ ...local, certificates: { issuer: "self-signed", names: ["*.local"] } }), []);
  });

  it("with a setting left empty, as `proxy:` alone", () => {
    // The engine of today hands over "", and says that it will be null one day.
    for (const proxy of ["", "null"]) {
      const settings = vpsSettingsOf({ ...rawConfig(goodConfig()), proxy });
      assert.equal(settings.proxy.httpsPort, 443);
    }
  });

  it("with a time that YAML took for one, as Pulumi then writes it", () => {
    const environment = { kind: "preview", expiresAt: "2026-12-01 08:30:00 +0000 UTC" };
    const settings = vpsSettings({ ...goodConfig(), environment });
    assert.deepEqual(settings.environment, { kind: "preview", expiresAt: "2026-12-01T08:30:00Z" });
  });

  it("with a database elsewhere: DATABASE_URL is a secret like any other where `uses` does not give it", () => {
    const api = { image: "api", port: 80, routes: ["/api"], secrets: ["DATABASE_URL"] };
    const config = changed(
      changed(goodConfig(), ["services", "api"], api),
      ["secrets", "DATABASE_URL"],
      "postgres://x",
    );
    assert.deepEqual(problemLines(config), []);
  });

  it("with routes and images of every allowed form", () => {
    assert.deepEqual(
      problemLines(changed(goodConfig(), ["services", "api", "routes"], ["/health", "/a.b/~c-d_e%20/"])),
      [],
    );
    for (const image of [
      "web",
      "org/web",
      "ghcr.io/org/my_web",
      "localhost:5000/web",
      "tristack.local/web",
    ]) {
      assert.deepEqual(problemLines(changed(goodConfig(), ["services", "web", "image"], image)), [], image);
    }
    for (const image of [
      "nginx",
      "nginx:1.28-alpine",
      "localhost:5000/nginx:v1",
      `nginx@sha256:${"a".repeat(64)}`,
    ]) {
      assert.deepEqual(problemLines({ ...goodConfig(), images: { nginx: image } }), [], image);
    }
  });
});

describe("bounds", () => {
  const preview = { kind: "preview", expiresAt: "2026-12-01T00:00:00Z" };
  /** Smallest and largest value, and the nearest ones beyond them. */
  const bounds: Readonly<
    Record<string, readonly [min: unknown, max: unknown, below: unknown, above: unknown]>
  > = {
    "environment.pullRequest": [1, 10_000_000, 0, 10_000_001],
    "services.web.port": [1, 65_535, 0, 65_536],
    "services.web.replicas": [1, 50, 0, 51],
    "services.web.cpu": [0.05, 64, 0.04, 64.01],
    "services.web.memory": ["16MiB", "512GiB", "15MiB", "513GiB"],
    "services.web.drain": ["1s", "10m", "0s", "601s"],
    "services.web.health.interval": ["1s", "10m", "0s", "601s"],
    "services.web.health.timeout": ["1s", "5m", "0s", "301s"],
    "services.web.health.startup": ["1s", "30m", "0s", "1801s"],
    "services.web.health.retries": [1, 20, 0, 21],
    "database.cpu": [0.1, 64, 0.09, 64.01],
    "database.memory": ["128MiB", "512GiB", "127MiB", "513GiB"],
    "cache.cpu": [0.05, 64, 0.04, 64.01],
    "cache.memory": ["16MiB", "512GiB", "15MiB", "513GiB"],
    "proxy.httpPort": [1, 65_535, 0, 65_536],
    "proxy.httpsPort": [1, 65_535, 0, 65_536],
    "proxy.bodyLimit": ["1MiB", "10GiB", "0MiB", "10241MiB"],
    "proxy.timeout": ["1s", "1h", "0s", "3601s"],
    "host.prepare.swap": ["0MiB", "64GiB", "-1MiB", "65GiB"],
    "monitoring.interval": ["1s", "5m", "0s", "301s"],
    "monitoring.retention": ["1h", "3650d", "59m", "3651d"],
    "monitoring.retentionSize": ["128MiB", "1024GiB", "127MiB", "1025GiB"],
    "monitoring.memory": ["128MiB", "64GiB", "127MiB", "65GiB"],
    "monitoring.port": [1, 65_535, 0, 65_536],
    "monitoring.grafana.port": [1, 65_535, 0, 65_536],
    "monitoring.grafana.memory": ["128MiB", "16GiB", "127MiB", "17GiB"],
    "monitoring.alerts.errorRate": [0.1, 100, 0.09, 100.1],
    "monitoring.alerts.p95": [0.01, 300, 0.009, 300.1],
    "monitoring.alerts.disk": [1, 99, 0.9, 99.1],
    "monitoring.alerts.memory": [1, 99, 0.9, 99.1],
    "monitoring.alerts.certificate": ["1h", "90d", "59m", "91d"],
    "monitoring.alerts.window": ["10s", "1h", "9s", "61m"],
    "monitoring.alerts.after": ["1s", "1h", "0s", "61m"],
  };
  // Every window goes with this interval, and every interval with this window.
  const monitoring = { interval: "2s", alerts: { window: "1h" }, grafana: {} };
  const base = {
    ...goodConfig(),
    environment: preview,
    database: {},
    cache: {},
    proxy: {},
    host: { prepare: {} },
    monitoring,
  };
  const config = changed(base, ["services", "web", "health"], {});

  for (const [path, [min, max, below, above]] of Object.entries(bounds)) {
    it(`of ${path} are ${String(min)} and ${String(max)}`, () => {
      const lines = (value: unknown) => problemLines(changed(config, path.split("."), value));
      assert.deepEqual([min, max].flatMap(lines), []);
      for (const value of [below, above]) {
        assert.match(
          lines(value).join("\n"),
          new RegExp(`^tristack:${path} is \\S+; needs .* from ${String(min)} to ${String(max)}$`),
        );
      }
    });
  }
});
