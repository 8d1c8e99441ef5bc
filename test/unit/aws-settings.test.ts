/** Settings of stacks at AWS, and of an account: what they refuse, and the commands that cannot work on them. */
import assert from "node:assert/strict";
import { dockerOf } from "../../cli/stack-docker.ts";
import { CliError } from "../../cli/errors.ts";
import { parseStackFile, readProject } from "../../cli/project.ts";
import { parseSettings } from "../../components/settings.ts";
import { goodAccount, goodAws, goodAwsShared } from "../support/aws-settings.ts";
import { CONTEXT, type Config, changed, problemLines, rawConfig } from "../support/settings.ts";

const AWS: [path: string, value: unknown, line: string][] = [
  [
    "environment",
    { kind: "local" },
    "environment.kind is local; needs staging, production or preview, since the target is aws",
  ],
  ["region", "Frankfurt", "region is Frankfurt; needs a region of AWS, such as eu-central-1"],
  ["domain", "shop.example.org", "domain is shop.example.org; needs a name in the zone example.com"],
  ["network", { nat: "two" }, "network.nat is two; needs one of: none, one, per-zone"],
  [
    "database",
    { standby: false },
    "database.standby is false; needs true, since the environment is production",
  ],
  ["database", { backupDays: 1 }, "database.backupDays is 1; needs a whole number from 7 to 35"],
  [
    "database",
    { instanceClass: "t4g.small" },
    "database.instanceClass is t4g.small; needs a class of RDS, such as db.t4g.small",
  ],
  [
    "proxy",
    { timeout: "60s" },
    'proxy.timeout is "60s"; needs a duration such as 30s, 5m or 12h, from 1s to 29s',
  ],
  ["proxy", { bodyLimit: "10MiB" }, 'proxy.bodyLimit is "10MiB"; needs one of: 4MiB'],
  [
    "services.api.image",
    "ghcr.io/org/api",
    "services.api.image is ghcr.io/org/api; needs an image of ECR, such as 123456789012.dkr.ecr.eu-central-1.amazonaws.com/api",
  ],
  [
    "services.api.memory",
    "16GiB",
    'services.api.memory is "16GiB"; needs a size from 128MiB to 10GiB, which Lambda has',
  ],
  [
    "services.api.autoscale",
    { maxReplicas: 5 },
    "services.api.autoscale is an object; needs to be left out, since the target is aws: Lambda starts as many as there are requests",
  ],
  [
    "alarms.webhook",
    "NOWHERE",
    "alarms.webhook is NOWHERE; needs a name under secrets: pulumi config set --secret --path 'secrets.NOWHERE'",
  ],
  [
    "permissionsBoundary",
    "boundary",
    "permissionsBoundary is boundary; needs the ARN of a policy, such as arn:aws:iam::123456789012:policy/tristack/boundary",
  ],
  [
    "shared",
    { stack: "staging" },
    "shared is an object; needs to be left out, since the environment is production",
  ],
  ["cache", {}, "cache is not a setting; needs to be removed"],
];

const ACCOUNT: typeof AWS = [
  ["repositories.0", "Shop", "repositories[0] is Shop; needs a name of a repository, such as myapp/web"],
  [
    "github.repository",
    "myorg",
    "github.repository is myorg; needs a repository of GitHub, such as myorg/myapp",
  ],
  [
    "github.environments",
    ["*"],
    'github.environments[0] is "*"; needs an environment of the repository, such as production',
  ],
  ["budget.monthlyUsd", 0, "budget.monthlyUsd is 0; needs a number of USD from 1 to 1000000"],
];

const SHARED: typeof AWS = [
  [
    "shared",
    { stack: "a/b/c/d" },
    "shared.stack is a/b/c/d; needs a stack such as staging, or platform/staging of another project, or organization/platform/staging",
  ],
  [
    "shared",
    {},
    "shared.stack is missing; needs a stack such as staging, or platform/staging of another project, or organization/platform/staging",
  ],
  ["network", { nat: "one" }, "network.nat is one; needs to be left out, since shared.stack has it"],
  [
    "database",
    { storage: "50GiB" },
    'database.storage is "50GiB"; needs to be left out, since shared.stack has it',
  ],
  ["database", { name: "shop" }, "database.name is shop; needs to be left out, since shared.stack has it"],
  [
    "environment",
    { kind: "staging" },
    "shared is an object; needs to be left out, since the environment is staging",
  ],
  [
    "environment",
    { kind: "local" },
    "environment.kind is local; needs staging, production or preview, since the target is aws",
  ],
  [
    "images",
    { postgres: "Postgres" },
    "images.postgres is Postgres; needs an image such as postgres:16-alpine or ghcr.io/org/web@sha256:…",
  ],
];

const targets: [of: string, target: string, good: () => Config, bad: typeof AWS][] = [
  ["the target aws", "aws", goodAws, AWS],
  ["an environment on another stack's network and database instance", "aws", goodAwsShared, SHARED],
  ["the target account", "account", goodAccount, ACCOUNT],
];

for (const [of, target, good, bad] of targets)
  describe(`the settings of ${of}`, () => {
    it("are taken as they are", () => {
      const result = parseSettings(rawConfig(good()), CONTEXT);
      assert.ok("settings" in result, JSON.stringify(result));
      assert.equal(result.settings.target, target);
    });

    for (const [path, value, line] of bad)
      it(`refuse what is wrong: ${line}`, () => {
        assert.deepEqual(problemLines(changed(good(), path.split("."), value)), [`tristack:${line}`]);
      });

    it("are refused by commands about Docker, with the reason and exit code 2", () => {
      const file = parseStackFile(readProject(), "shop", `config:\n  tristack:target: ${target}\n`);
      assert.throws(
        () => dockerOf(readProject(), file),
        (error) =>
          error instanceof CliError &&
          error.exitCode === 2 &&
          error.message.startsWith(`Pulumi.shop.yaml: target is ${target}, which `),
      );
    });
  });

describe("what Lambda cannot run", () => {
  it("is refused: a cache, and a worker", () => {
    const cached = changed(goodAws(), ["services", "api", "uses"], ["database", "cache"]);
    assert.deepEqual(problemLines(cached), [
      "tristack:services.api.uses is a list; needs database alone, since the target is aws; a Redis of elsewhere is the secret REDIS_URL",
    ]);
    const worker = {
      image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/mailer",
      health: { command: ["true"] },
    };
    assert.deepEqual(problemLines(changed(goodAws(), ["services", "mailer"], worker)), [
      "tristack:services.mailer.port is missing; needs a port, since the target is aws",
    ]);
  });

  it("is no setting of the other targets", () => {
    const lambda = { command: ["serve"] };
    const config = changed(changed(goodAws(), ["target"], "vps"), ["services", "api", "lambda"], lambda);
    assert.ok(
      problemLines(config).includes(
        "tristack:services.api.lambda is an object; needs to be left out, since the target is vps",
      ),
    );
  });
});
