/** The resource graph of an application whose web is on Vercel: under mocks alone, nothing of it has run there. */
import assert from "node:assert/strict";
import { checkOutputs } from "../../components/outputs.ts";
import { probedUrls } from "../../cli/rollout.ts";
import { parseSettings } from "../../components/settings.ts";
import { estimate } from "../../components/shared/cost.ts";
import { vercelSdk } from "../../components/vercel/sdk.ts";
import type { Kind } from "../../policy/rule.ts";
import { goodAws, goodVercel } from "../support/aws-settings.ts";
import { type Graph, buildFailing, buildGraph, finderIn } from "../support/graph.ts";
import { brokenBy } from "../support/policy-resources.ts";
import { CONTEXT, type Config, changed, rawConfig } from "../support/settings.ts";
import { findVercelSdk, hideVercelSdk } from "../support/vercel-package.ts";

const PROJECT = "vercel:index/project:Project";
const DOMAIN = "vercel:index/projectDomain:ProjectDomain";
const VARIABLE = "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable";
const ROUTE = "vercel:index/projectRoute:ProjectRoute";
const RECORD = "aws:route53/record:Record";
const STAGING = { environment: { kind: "staging" }, database: { standby: false } };

const build = (config: Config) => buildGraph({ stack: "shop", config, secretKeys: ["secrets"] });
const withWeb = (change: Config): Config => {
  const good = goodVercel();
  return { ...good, web: { ...(good.web as Config), ...change } };
};

describe("an application with its web on Vercel", () => {
  let graph: Graph;
  let end: () => void;
  before(async () => {
    end = findVercelSdk();
    graph = await build(goodVercel());
  });
  after(() => end());

  const { all, only } = finderIn(() => graph);
  const record = (name: string, of = graph) => all(RECORD, of).find((one) => one.inputs.name === name);

  it("is made with the SDK that was asked for", () => {
    // The package has more than the stand-in, which is what we use of it.
    assert.equal("AccessGroup" in vercelSdk(), process.env.TRISTACK_VERCEL_SDK !== undefined);
  });

  it("has nothing of the web at AWS but its name", () => {
    const atAws = graph.resources.filter(({ type }) => type.startsWith("aws:"));
    assert.deepEqual(
      atAws.filter(({ name }) => /^web(-|$)/.test(name)).map(({ type }) => type),
      [RECORD],
    );
    const routes = all("aws:apigatewayv2/route:Route").map(({ inputs }) => inputs.routeKey);
    assert.deepEqual(routes.sort(), ["ANY /api", "ANY /api/{proxy+}", "ANY /health", "ANY /health/{proxy+}"]);
    assert.deepEqual(
      all("aws:lambda/alias:Alias").map(({ name }) => name),
      ["api"],
    );
    assert.deepEqual(
      all("aws:lambda/invocation:Invocation").map(({ name }) => name),
      ["api-migration", "api-health"],
    );
  });

  it("builds from Git, beside the services, and shows strangers nothing but the domain", () => {
    const { inputs, protect } = only(PROJECT);
    assert.deepEqual(inputs, {
      name: "tristack-shop",
      framework: "nextjs",
      rootDirectory: "apps/web",
      gitRepository: { type: "github", repo: "myorg/shop", productionBranch: "main" },
      gitForkProtection: true,
      previewDeploymentsDisabled: true,
      vercelAuthentication: { deploymentType: "standardProtectionNew" },
      resourceConfig: { functionDefaultRegions: ["fra1"] },
    });
    assert.equal(protect, true);
  });

  it("has previews for the team alone, or for everybody, where that is asked for", async () => {
    for (const [previews, deploymentType] of [
      ["protected", "standardProtectionNew"],
      ["public", "none"],
    ] as const) {
      const staging = await build({ ...withWeb({ previews }), ...STAGING });
      assert.partialDeepStrictEqual(only(PROJECT, staging).inputs, {
        previewDeploymentsDisabled: false,
        vercelAuthentication: { deploymentType },
      });
      for (const { inputs } of all(VARIABLE, staging))
        assert.deepEqual(inputs.targets, ["production", "preview"]);
    }
  });

  it("gives it its variables, secrets as such, and the services' URL", () => {
    const variables = all(VARIABLE).map(({ name, inputs: { key, value, sensitive, targets, projectId } }) => [
      name,
      { key, value, sensitive, targets, projectId },
    ]);
    const common = { targets: ["production"], projectId: "web-id" };
    const plain = { ...common, sensitive: false };
    assert.deepEqual(Object.fromEntries(variables), {
      "web-environment": { ...plain, key: "ENVIRONMENT", value: { secret: "shop" } },
      "web-api-internal-url": {
        ...plain,
        key: "API_INTERNAL_URL",
        value: { secret: "https://api.shop.example.com" },
      },
      "web-next-public-title": { ...plain, key: "NEXT_PUBLIC_TITLE", value: { secret: "Shop" } },
      "web-sentry-dsn": {
        ...common,
        sensitive: true,
        key: "SENTRY_DSN",
        value: { secret: "a-dsn-that-nobody-knows" },
      },
    });
    // Vercel refuses a second one of the same name.
    for (const { deleteBeforeReplace } of [...all(VARIABLE), only(DOMAIN)])
      assert.equal(deleteBeforeReplace, true);
  });

  it("keeps secrets out of outputs and of everything else, and has no token anywhere", () => {
    assert.deepEqual(only("pulumi:providers:vercel").inputs, { team: "myorg" });
    assert.ok(!JSON.stringify(graph.outputs).includes("a-dsn-that-nobody-knows"));
    for (const { type, inputs } of graph.resources)
      if (type !== VARIABLE) assert.ok(!JSON.stringify(inputs).includes("a-dsn-that-nobody-knows"), type);
    // Its id would hold the secret that it is about, and ids are plain text in a state.
    assert.deepEqual(all("vercel:index/projectProtectionBypass:ProjectProtectionBypass"), []);
  });

  it("leads the domain to where Vercel says, and another name to the services", async () => {
    assert.partialDeepStrictEqual(only(DOMAIN).inputs, { domain: "shop.example.com", projectId: "web-id" });
    assert.partialDeepStrictEqual(record("shop.example.com")?.inputs, {
      type: "CNAME",
      records: ["0123456789abcdef.vercel-dns-0.com"],
    });
    assert.partialDeepStrictEqual(only("aws:cloudfront/distribution:Distribution").inputs, {
      aliases: ["api.shop.example.com"],
    });
    assert.equal(only("aws:acm/certificate:Certificate").inputs.domainName, "api.shop.example.com");
    assert.ok(record("api.shop.example.com"));
    const apex = await build({ ...goodVercel(), domain: "example.com" });
    assert.partialDeepStrictEqual(record("example.com", apex)?.inputs, { type: "A", records: ["192.0.2.1"] });
    const named = await build(withWeb({ apiDomain: "services.example.com" }));
    assert.ok(record("services.example.com", named));
  });

  it("hands on to the services what is theirs", () => {
    const { srcSyntax, route } = only(ROUTE).inputs as {
      srcSyntax: string;
      route: { src: string; dest: string; respectOriginCacheControl: boolean };
    };
    assert.equal(srcSyntax, "regex");
    assert.equal(route.respectOriginCacheControl, false);
    const led = (path: string) => {
      const found = new RegExp(route.src).exec(path);
      return found && route.dest.replace("$1", found[1] ?? "");
    };
    assert.equal(led("/api/items"), "https://api.shop.example.com/api/items");
    assert.equal(led("/health"), "https://api.shop.example.com/health");
    for (const path of ["/", "/api/web", "/api/web/events", "/apis", "/about"]) assert.equal(led(path), null);
  });

  it("blocks no visitor for what all of them do through Vercel", async () => {
    const limitOf = (of: Graph) =>
      JSON.stringify(only("aws:wafv2/webAcl:WebAcl", of).inputs).match(/Limit\\":(\d+)/)?.[1];
    assert.equal(limitOf(graph), "100000");
    assert.equal(limitOf(await build(goodAws())), "10000");
  });

  it("exports both names, and services that the stack runs alone", () => {
    assert.deepEqual(checkOutputs(graph.outputs), []);
    const { urls, services, release } = graph.outputs as {
      urls: unknown;
      services: { name: string }[];
      release: { settings: { services: object } };
    };
    assert.deepEqual(urls, {
      web: "https://shop.example.com",
      api: "https://api.shop.example.com/api",
      health: "https://api.shop.example.com/health",
    });
    assert.deepEqual(
      services.map(({ name }) => name),
      ["api"],
    );
    assert.deepEqual(Object.keys(release.settings.services), ["api"]);
  });

  it("is probed where a release changes something", () => {
    const urls = (config: Config) => {
      const result = parseSettings(rawConfig(config), CONTEXT);
      assert.ok("settings" in result && result.settings.target === "aws");
      return probedUrls(result.settings);
    };
    const probe = { delivery: { probe: ["/api/items"] } };
    assert.deepEqual(urls({ ...goodVercel(), ...probe }), [
      "https://api.shop.example.com/health",
      "https://api.shop.example.com/api/items",
    ]);
    assert.deepEqual(urls({ ...goodAws(), ...probe }), [
      "https://shop.example.com/health",
      "https://shop.example.com/",
      "https://shop.example.com/api/items",
    ]);
  });

  it("names what Vercel is paid for, and counts it as nothing known", () => {
    const { lines, unpriced } = estimate(graph.resources);
    assert.ok(unpriced.includes("web (paid at Vercel, by members and use)"));
    assert.ok(!unpriced.some((line) => line.includes("no price")), unpriced.join(", "));
    assert.deepEqual(
      lines.filter(({ resource }) => /^web(-|$)/.test(resource)),
      [],
    );
  });

  for (const [kind, change] of [
    ["production", {}],
    ["staging", STAGING],
    ["preview", { environment: { kind: "preview", expiresAt: "2026-12-24T00:00:00Z" }, alarms: {} }],
  ] as const)
    it(`breaks no rule of the policy pack in ${kind}`, async () => {
      const { resources } = await build({ ...goodVercel(), ...change });
      assert.deepEqual(brokenBy(resources, kind as Kind), []);
    });

  it("leaves the region of its functions to Vercel where it has none beside the services", async () => {
    const image = "123456789012.dkr.ecr.eu-south-2.amazonaws.com/shop/api";
    const elsewhere = changed(goodVercel(), ["services", "api", "image"], image);
    assert.equal(
      only(PROJECT, await build({ ...elsewhere, region: "eu-south-2" })).inputs.resourceConfig,
      undefined,
    );
  });
});

describe("a web on Vercel without Vercel's SDK", () => {
  let end: () => void;
  before(() => (end = hideVercelSdk()));
  after(() => end());

  it("is refused before anything is made, with what installs it", async () => {
    const { error, resources } = await buildFailing({
      stack: "shop",
      config: goodVercel(),
      secretKeys: ["secrets"],
    });
    assert.equal(
      error.message,
      "web.on is vercel, and @pulumiverse/vercel is not installed; needs 5.4.1:\n  npm install --save-exact @pulumiverse/vercel@5.4.1",
    );
    assert.deepEqual(
      resources.filter(({ type }) => !type.startsWith("pulumi:")),
      [],
    );
  });
});
