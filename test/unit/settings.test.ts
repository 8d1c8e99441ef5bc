/** Every kind of bad setting has its one message, all of them come together, and no secret is in them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { parseSettings, settingsReport } from "../../components/settings.ts";
import { CONTEXT, changed, goodConfig, problemLines, rawConfig } from "../support/settings.ts";

interface BadSetting {
  at?: string;
  put?: unknown;
  without?: string;
  line: string;
}

const bad = parse(readFileSync(new URL("settings-bad.yaml", import.meta.url), "utf8")) as Record<
  string,
  BadSetting[]
>;

describe("bad settings", () => {
  it("are of at least 40 kinds", () => {
    assert.ok(new Set(Object.values(bad).flatMap((cases) => cases.map(({ line }) => line))).size >= 40);
  });

  for (const [kind, cases] of Object.entries(bad)) {
    describe(kind, () => {
      for (const { at, put, without, line } of cases) {
        it(line, () => {
          const path = (at ?? without ?? "").split(".");
          assert.deepEqual(problemLines(changed(goodConfig(), path, put)), [`tristack:${line}`]);
        });
      }
    });
  }

  it("are all reported at once, in the order of the schema and of the file", () => {
    const config = {
      ...goodConfig(),
      proxy: { httpsPort: 80, timeot: "5s" },
      services: {
        web: {
          image: "web",
          port: 3000,
          routes: ["/"],
          replicas: 0,
          cpu: "1",
          environment: { RELEASE: "1" },
        },
        mailer: { port: 0.5, metrics: "/metrics", health: {} },
        api: { image: "api", routes: ["/"], secrets: ["NONE"], writable: ["/tmp"] },
      },
      environment: { kind: "prod" },
      servers: [],
    };
    assert.deepEqual(problemLines(config), [
      "tristack:environment.kind is prod; needs one of: local, staging, production, preview",
      "tristack:services.web.replicas is 0; needs a whole number from 1 to 50",
      'tristack:services.web.cpu is "1"; needs a number of CPUs from 0.05 to 64',
      "tristack:services.web.environment.RELEASE is set by the stack; needs to be removed",
      "tristack:services.mailer.image is missing; needs an image without tag or digest, such as ghcr.io/org/web: the release adds it",
      "tristack:services.mailer.port is 0.5; needs a whole number from 1 to 65535",
      "tristack:services.api.port is missing; needs the port that the service listens on, since it has routes",
      "tristack:services.api.routes[0] is /; needs another path, since it belongs to web",
      "tristack:services.api.secrets[0] is NONE; needs a name under secrets: pulumi config set --secret --path 'secrets.NONE'",
      "tristack:services.api.writable[0] is /tmp; needs a path other than /tmp, /run and /run/secrets",
      "tristack:proxy.httpsPort is 80; needs another port than proxy.httpPort",
      "tristack:proxy.timeot is not a setting; needs to be removed; did you mean timeout?",
      "tristack:servers is not a setting; needs to be removed",
    ]);
  });

  const alone: readonly [line: string, ...changes: (readonly [path: string, value: unknown])[]][] = [
    [
      "services.web.route is not a setting; needs to be removed; did you mean routes?",
      ["services.web.routes", undefined],
      ["services.web.route", ["/"]],
    ],
    [
      "services.web.prot is not a setting; needs to be removed; did you mean port?",
      ["services.web.port", undefined],
      ["services.web.prot", 3000],
    ],
    [
      "environment.kind is prod; needs one of: local, staging, production, preview",
      ["environment.kind", "prod"],
      ["certificates", undefined],
      ["domain", undefined],
    ],
    [
      "domain is Shop; needs a host name in lower case, such as shop.example.com",
      ["environment.kind", "local"],
      ["domain", "Shop"],
    ],
    ["proxy.httpPort is 0; needs a whole number from 1 to 65535", ["proxy", { httpPort: 0, httpsPort: 80 }]],
    [
      "services.api.routes[0] is x; needs a path that starts with /, of letters, digits and . _ ~ - % /",
      ["services.api.routes", ["x", "/docs", "/", "/.well-known/acme-challenge"]],
    ],
    [
      "services.api.writable[0] is x; needs an absolute path inside the container, such as /app/cache",
      ["services.api.writable", ["x", "/tmp"]],
    ],
    [
      "domian is not a setting; needs to be removed; did you mean domain?",
      ["domain", undefined],
      ["domian", "shop.example.com"],
    ],
    [
      "services.api.secrets[0] is x; needs a name of capitals, digits and _, such as API_URL",
      ["services.api.secrets", ["x", "API_KEY", "DATABASE_URL", "NONE"]],
    ],
    [
      'secrets.Api_Key is named "Api_Key"; needs a name of capitals, digits and _, such as API_URL',
      ["secrets", { Api_Key: "x" }],
    ],
  ];
  for (const [line, ...changes] of alone) {
    it(`stand alone where others would only follow from them: ${line}`, () => {
      const config = changes.reduce(
        (now, [path, value]) => changed(now, path.split("."), value),
        goodConfig(),
      );
      assert.deepEqual(problemLines(config), [`tristack:${line}`]);
    });
  }

  it("include a certificate that nobody could sign", () => {
    const config = { ...goodConfig(), environment: { kind: "local" }, domain: undefined };
    assert.deepEqual(problemLines(config), [
      "tristack:certificates.issuer is letsencrypt; needs self-signed, since the domain localhost is not public",
    ]);
  });

  it("are reported under the number of problems", () => {
    const one = [{ key: "tristack:domain", value: "missing", need: "a host name" }];
    assert.equal(
      settingsReport("production", one),
      "Pulumi.production.yaml has 1 problem:\n  tristack:domain is missing; needs a host name",
    );
    assert.match(
      settingsReport("production", [...one, ...one]),
      /^Pulumi\.production\.yaml has 2 problems:\n {2}\S.*\n {2}\S/,
    );
  });

  it("are cut where they are long, and never shown from the inside", () => {
    const long = changed(goodConfig(), ["domain"], `${"a".repeat(300)}.com`);
    assert.deepEqual(problemLines(long), [
      `tristack:domain is ${"a".repeat(60)}…; needs a host name in lower case, such as shop.example.com`,
    ]);
    const broken = parseSettings({ ...rawConfig(goodConfig()), proxy: '{"httpPort": 80' }, CONTEXT);
    assert.ok("problems" in broken);
    assert.deepEqual(broken.problems, [
      {
        key: "tristack:proxy",
        value: '"{\\"httpPort\\": 80"',
        need: "an object of: httpPort, httpsPort, edge, bodyLimit, timeout",
      },
    ]);
  });
});
