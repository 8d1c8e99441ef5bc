/** nginx's configuration as text; that nginx takes it is for the real engines to show. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type ConfigurationArgs, nginxConfiguration } from "../../components/docker/nginx/configuration.ts";

const ARGS: ConfigurationArgs = {
  releaseId: "v1-0123abcd",
  domain: "shop.example.com",
  names: ["www.example.com", "*.preview.example.com"],
  proxy: { httpPort: 80, httpsPort: 443, bodyLimit: "10MiB", timeout: "60s" },
  routes: { web: ["/", "/api/web"], api: ["/api/", "/health"] },
  metrics: { api: "/metrics" },
  assets: { web: "/_next/static" },
  trustedCertificate: true,
  drainSeconds: 40,
};

/** The service that the longest matching location names, as nginx chooses among `=` and prefix locations. */
function serviceFor(path: string, configuration: string): string | undefined {
  const publicServer = configuration.split("ssl_session_tickets off;")[1]?.split("server {")[0] ?? "";
  const places = [
    ...publicServer.matchAll(/location (= )?(\S+) \{ proxy_pass http:\/\/(\w+)\$handover; \}/g),
  ];
  const exact = places.find(([, equals, place]) => equals && place === path);
  const prefixes = places.filter(([, equals, place]) => !equals && path.startsWith(place ?? ""));
  const longest = prefixes.sort((a, b) => (b[2]?.length ?? 0) - (a[2]?.length ?? 0))[0];
  return (exact ?? longest)?.[3];
}

describe("nginx's configuration", () => {
  const configuration = nginxConfiguration(ARGS);

  it("sends each path to the service with the longest route", () => {
    const expected = {
      "/": "web",
      "/about": "web",
      "/api": "api",
      "/api/items": "api",
      "/api/web": "web",
      "/api/web/time": "web",
      "/apix": "web",
      "/health": "api",
      "/healthy": "web",
    };
    for (const [path, service] of Object.entries(expected))
      assert.equal(serviceFor(path, configuration), service, path);
  });

  it("sends every path below a route to its service, and none beside it", () => {
    const segment = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(segment, segment, (first, second) => {
        const one = nginxConfiguration({ ...ARGS, routes: { web: ["/"], other: [`/${first}`] } });
        assert.equal(serviceFor(`/${first}`, one), "other");
        assert.equal(serviceFor(`/${first}/${second}`, one), "other");
        assert.equal(serviceFor(`/${first}${second}`, one), "web");
      }),
    );
  });

  it("knows what files are by their endings: a browser runs no script that is plain text", () =>
    assert.match(configuration, /http \{\n(?: *#.*\n)? *include \/etc\/nginx\/mime\.types;/));

  it("answers /health itself where no service does", () => {
    const own = nginxConfiguration({ ...ARGS, routes: { web: ["/"] } });
    assert.equal(own.match(/location = \/health \{ default_type text\/plain; return 200/g)?.length, 3);
    assert.doesNotMatch(configuration, /return 200 "ok/);
  });

  it("lets old workers hand over to new ones, on this machine alone, in a way that cannot lead back to itself", () => {
    const handover =
      configuration.split(/^ {2}server \{$/m).find((one) => one.includes("listen 127.0.0.1:8002;")) ?? "";
    const passes = [...handover.matchAll(/proxy_pass http:\/\/(\S+);/g)].map(([, upstream]) => upstream);
    assert.ok(passes.length > 0);
    assert.deepEqual(
      passes.filter((upstream) => !upstream?.endsWith("_direct")),
      [],
    );
    const rest = configuration.replace(handover, "");
    assert.doesNotMatch(rest, /_direct/);
    // Both servers that lead to services ask whether their worker still serves.
    assert.equal(rest.match(/if \(!-f \$serving_marker\) \{ set \$handover "_handover"; \}/g)?.length, 2);
    assert.doesNotMatch(rest, /proxy_pass http:\/\/\w+;/);
    // The visitor's, as the old worker has told them.
    for (const name of ["X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto"])
      assert.ok(
        handover.includes(`proxy_set_header ${name} $http_${name.toLowerCase().replaceAll("-", "_")};`),
        name,
      );
  });

  it("keeps no connection to a service: the POST that meets its end could not be sent again", () =>
    assert.match(configuration, /map \$http_upgrade \$connection_upgrade \{ default upgrade; "" close; \}/));

  it("names the domain and what is served alike, and keeps the certificate by the domain", () => {
    const hosts = /server_name shop\.example\.com www\.example\.com \*\.preview\.example\.com;/g;
    assert.equal(configuration.match(hosts)?.length, 2);
    assert.match(configuration, /ssl_certificate \/etc\/nginx\/ssl\/serving\/shop\.example\.com\//);
  });

  it("hides metrics that a route would make public, and nothing else", () => {
    const hidden = (routes: Record<string, string[]>, metrics: Record<string, string>) =>
      [
        ...nginxConfiguration({ ...ARGS, routes, metrics }).matchAll(
          /if \(\$uri ~\* "(\S+)"\) \{ return 404; \}/g,
        ),
      ].map(([, pattern = ""]) => new RegExp(pattern, "i"));
    assert.deepEqual(hidden(ARGS.routes, ARGS.metrics), [], "/metrics is the web's, which has none there");
    assert.deepEqual(hidden({ web: ["/"], api: ["/api"] }, { api: "/metrics" }), []);
    assert.deepEqual(hidden({ web: ["/"], api: ["/metricsx"] }, { api: "/metrics" }), []);
    for (const [routes, path] of [
      [{ web: ["/"] }, "/metrics"],
      [{ web: ["/"], api: ["/metrics/"] }, "/metrics"],
    ] as const) {
      const service = "api" in routes ? "api" : "web";
      const [pattern] = hidden(routes as unknown as Record<string, string[]>, { [service]: path });
      for (const asked of ["/metrics", "/metrics/", "/Metrics", "/metrics/x"]) assert.match(asked, pattern!);
      for (const asked of ["/metricsx", "/a/metrics", "/"]) assert.doesNotMatch(asked, pattern!);
    }
    const [dotted] = hidden({ api: ["/api"] }, { api: "/api/v1.0" });
    assert.doesNotMatch("/api/v1x0", dotted!);
    const [root] = hidden({ api: ["/"] }, { api: "/" });
    assert.doesNotMatch("/items", root!);
  });

  it("leads from HTTP to the published HTTPS port", () => {
    assert.match(configuration, /return 301 https:\/\/\$host\$request_uri;/);
    const moved = nginxConfiguration({ ...ARGS, proxy: { ...ARGS.proxy, httpsPort: 8443 } });
    assert.match(moved, /return 301 https:\/\/\$host:8443\$request_uri;/);
  });

  it("makes browsers insist on HTTPS only where they trust the certificate", () => {
    assert.match(configuration, /Strict-Transport-Security/);
    assert.doesNotMatch(
      nginxConfiguration({ ...ARGS, trustedCertificate: false }),
      /Strict-Transport-Security/,
    );
  });

  it("says which release it serves, for the switch to confirm", () => {
    assert.match(
      configuration,
      /location = \/__release \{ default_type text\/plain; return 200 "v1-0123abcd\\n"; \}/,
    );
  });
});
