/** Settings of a web on Vercel: what is taken, and what is refused with which words. */
import assert from "node:assert/strict";
import { releasedElsewhere } from "../../cli/released-elsewhere.ts";
import { allMissingSecrets } from "../../cli/stack-settings.ts";
import { parseStackFile, readProject } from "../../cli/project.ts";
import { parseSettings } from "../../components/settings.ts";
import { ownDomain } from "../../components/settings/web.ts";
import { goodAws, goodVercel } from "../support/aws-settings.ts";
import { CONTEXT, type Config, changed, goodConfig, problemLines, rawConfig } from "../support/settings.ts";

function settingsOf(config: Config) {
  const result = parseSettings(rawConfig(config), CONTEXT);
  assert.ok("settings" in result && result.settings.target === "aws", JSON.stringify(result));
  return result.settings;
}

const BAD: [path: string, value: unknown, line: string][] = [
  ["web", "vercel", "web is vercel; needs an object whose on is one of: vercel"],
  ["web.on", "netlify", "web.on is netlify; needs one of: vercel"],
  ["web.repository", undefined, "web.repository is missing; needs a repository, such as myorg/shop"],
  [
    "web.repository",
    "https://github.com/myorg/shop",
    "web.repository is https://github.com/myorg/shop; needs a repository, such as myorg/shop",
  ],
  ["web.git", "gitea", "web.git is gitea; needs one of: github, gitlab, bitbucket"],
  ["web.root", "/apps/web", "web.root is /apps/web; needs a folder of the repository, such as apps/web"],
  ["web.productionBranch", "", 'web.productionBranch is ""; needs a branch, such as main'],
  [
    "web.framework",
    "Next.js",
    "web.framework is Next.js; needs a framework as Vercel calls it, such as nextjs",
  ],
  ["web.team", "my team", 'web.team is "my team"; needs a team of Vercel, by slug or id'],
  [
    "web.project",
    "Shop",
    "web.project is Shop; needs a name of lower-case letters, digits and . _ -, at most 100",
  ],
  [
    "web.apiDomain",
    "api.example.org",
    "web.apiDomain is api.example.org; needs a name in the zone example.com",
  ],
  [
    "web.apiDomain",
    "shop.example.com",
    "web.apiDomain is shop.example.com; needs another name than domain, such as api.shop.example.com",
  ],
  ["web.routes", ["/api/"], "web.routes[0] is /api/; needs another path, since it belongs to api"],
  ["web.routes", ["/api/web", "/api/web"], "web.routes[1] is /api/web; needs to be listed once"],
  [
    "web.environment",
    { TITLE: "" },
    'web.environment.TITLE is ""; needs text that is not empty: quote numbers, true and false',
  ],
  [
    "web.environment",
    { SENTRY_DSN: "x" },
    "web.environment.SENTRY_DSN is among the secrets too; needs to be removed from one of them",
  ],
  [
    "web.environment",
    { DATABASE: "postgres://me:secret@example.com/db" },
    "web.environment.DATABASE is a text with a password or key in it; needs to be a secret",
  ],
  [
    "web.secrets",
    ["NOWHERE"],
    "web.secrets[0] is NOWHERE; needs a name under secrets: pulumi config set --secret --path 'secrets.NOWHERE'",
  ],
  ["web.previews", "all", "web.previews is all; needs one of: none, protected, public"],
  [
    "web.previews",
    "protected",
    "web.previews is protected; needs none, since the environment is production, whose secrets and data they would have",
  ],
  [
    "web.uses",
    ["database"],
    "web.uses is a list; needs to be left out: Vercel does not reach the network of the database (but with Secure Compute); the web asks the services by their public name",
  ],
  ["web.bypass", "X", "web.bypass is not a setting; needs to be removed"],
  [
    "services.web",
    { image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/web", port: 3000, routes: ["/shop"] },
    "services.web is an object; needs to be left out, since web is on Vercel: what it needs is under web",
  ],
  [
    "services.api.routes",
    ["/api", "/"],
    "services.api.routes[1] is /; needs another path, since / is the web's, which is on Vercel",
  ],
  ["services.api.routes", [], "services is without routes; needs one service with routes, such as /api"],
];

describe("the settings of a web on Vercel", () => {
  it("are taken, with their defaults", () => {
    const { web } = settingsOf({ ...goodVercel(), web: { on: "vercel", repository: "myorg/shop" } });
    assert.deepEqual(web, {
      on: "vercel",
      repository: "myorg/shop",
      git: "github",
      productionBranch: "main",
      framework: "nextjs",
      routes: [],
      environment: {},
      secrets: [],
      previews: "none",
      uses: [],
    });
  });

  for (const [path, value, line] of BAD)
    it(`refuse what is wrong: ${line}`, () => {
      assert.deepEqual(problemLines(changed(goodVercel(), path.split("."), value)), [`tristack:${line}`]);
    });

  it("let previews be in staging", () => {
    const staging = { ...goodVercel(), environment: { kind: "staging" } };
    for (const previews of ["none", "protected", "public"])
      assert.deepEqual(problemLines(changed(staging, ["web", "previews"], previews)), [], previews);
  });

  it("are of the target aws alone", () => {
    const { web } = goodVercel();
    assert.deepEqual(problemLines({ ...goodConfig(), web }), [
      "tristack:web is not a setting; needs to be removed",
    ]);
  });

  it("give the services a name of their own", () => {
    assert.equal(ownDomain(settingsOf(goodAws())), "shop.example.com");
    assert.equal(ownDomain(settingsOf(goodVercel())), "api.shop.example.com");
    const named = changed(goodVercel(), ["web", "apiDomain"], "services.example.com");
    assert.equal(ownDomain(settingsOf(named)), "services.example.com");
  });

  it("say what no release touches", () => {
    assert.equal(releasedElsewhere(settingsOf(goodAws())), undefined);
    assert.equal(
      releasedElsewhere(settingsOf(goodVercel())),
      "The web is no part of this: Vercel deploys it by itself, from main of myorg/shop, and brings an earlier one back by `vercel rollback`.",
    );
  });

  it("have secrets that `tristack init` asks for", () => {
    const text = "config:\n  tristack:target: aws\n  tristack:web: { on: vercel, secrets: [SENTRY_DSN] }\n";
    assert.deepEqual(allMissingSecrets(parseStackFile(readProject(), "shop", text)), ["SENTRY_DSN"]);
  });
});
