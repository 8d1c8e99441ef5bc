/**
 * An application at AWS, made by the real engine and the AWS plugin on moto: up, releases, an alias that a shift has moved, down.
 * As a preview environment: of CloudFront moto forgets what it was told (its origin's access) or knows nothing (its policies).
 * What a function does is not asked: moto answers for it.
 */
import assert from "node:assert/strict";
import { goodAccount, goodAws } from "../../support/aws-settings.ts";
import { AwsPlace } from "../../support/e2e-aws.ts";
import { succeeded } from "../../support/e2e-command.ts";
import { itFully } from "../../support/e2e-tier.ts";
import { changed } from "../../support/settings.ts";

const STACK = "pr-7";
const ENVIRONMENT = { kind: "preview", expiresAt: "2027-12-24T00:00:00Z" };

describe("an application at AWS", () => {
  let aws: AwsPlace;
  before(async () => (aws = await AwsPlace.create("aws-application")));
  after(() => aws?.dispose());

  const unchanged = (...more: string[]) => aws.pulumi(STACK, "preview", "--expect-no-changes", ...more);
  const releaseOf = (release: object) =>
    aws.write(STACK, { ...goodAws(), environment: ENVIRONMENT, alarms: {}, release });

  interface Alias {
    FunctionName: string;
    FunctionVersion: string;
  }

  async function functionName(service: string): Promise<string> {
    const { Functions } = JSON.parse(await aws.moto.ask("lambda", "/2015-03-31/functions/")) as {
      Functions: { FunctionName: string }[];
    };
    const found = Functions.find(({ FunctionName }) => FunctionName.includes(`-${service}-`));
    assert.ok(found, service);
    return found.FunctionName;
  }

  async function aliasOf(service: string): Promise<Alias> {
    const name = await functionName(service);
    return JSON.parse(await aws.moto.ask("lambda", `/2015-03-31/functions/${name}/aliases/live`)) as Alias;
  }

  itFully("comes up, and a second preview has nothing to change", async () => {
    await releaseOf({ version: "v1" });
    const names = ["SECRET_KEY", "SLACK_WEBHOOK"];
    await aws.init(
      STACK,
      Object.fromEntries(names.map((name) => [name, `a-secret-that-is-long-enough-${name}`])),
    );
    const ran = succeeded(await aws.up(STACK));
    console.log(`      ${ran.seconds.toFixed(1)} s`);
    assert.doesNotMatch(ran.all, /a-secret-that-is-long-enough/);
    succeeded(await unchanged());
    assert.equal((await aliasOf("api")).FunctionVersion, "1");
  });

  itFully("keeps no secret in plain text, neither in the state nor in a function's variables", async () => {
    const state = succeeded(await aws.pulumi(STACK, "stack", "export")).stdout;
    assert.doesNotMatch(state, /a-secret-that-is-long-enough/);
    const functions = await aws.moto.ask("lambda", "/2015-03-31/functions/");
    assert.doesNotMatch(functions, /a-secret-that-is-long-enough|postgresql:/);
    assert.match(functions, /"DATABASE_URL_ARN": ?"arn:aws:secretsmanager:/);
  });

  itFully("brings a release: a new version of each function, its migration, then the alias", async () => {
    await releaseOf({ version: "v2" });
    const ran = succeeded(await aws.up(STACK));
    for (const service of ["api", "web"]) assert.equal((await aliasOf(service)).FunctionVersion, "2");
    const migrated = ran.all.indexOf("api-migration");
    assert.ok(migrated > 0);
    succeeded(await unchanged());
  });

  itFully("leaves an alias to the shift that moves it, and finds nothing to change afterwards", async () => {
    const { services } = goodAws() as { services: object };
    const previous = { id: "v2-0badcafe", version: "v2", settings: { services, proxy: {} } };
    await releaseOf({ version: "v3", previous });
    succeeded(await aws.up(STACK));
    const name = await functionName("api");
    const path = `/2015-03-31/functions/${name}/aliases/live`;
    const before = await aliasOf("api");
    assert.equal(before.FunctionVersion, "2", "published, and not asked yet");
    await aws.moto.ask("lambda", path, JSON.stringify({ FunctionVersion: "3" }), "PUT");

    succeeded(await aws.up(STACK));
    assert.equal((await aliasOf("api")).FunctionVersion, "3", "the update does not move it back");
    await releaseOf({ version: "v3" });
    succeeded(await aws.up(STACK));
    for (const service of ["api", "web"]) assert.equal((await aliasOf(service)).FunctionVersion, "3");
    succeeded(await unchanged());
  });

  itFully("changes one setting in place", async () => {
    const same = { ...goodAws(), environment: ENVIRONMENT, alarms: {}, release: { version: "v3" } };
    await aws.write(STACK, { ...same, proxy: { timeout: "20s" } });
    const ran = succeeded(await aws.pulumi(STACK, "preview", "--diff"));
    assert.doesNotMatch(ran.all, /to (replace|delete)/);
    succeeded(await aws.up(STACK));
    succeeded(await unchanged());
  });

  itFully("is destroyed without a rest", async () => {
    const ran = succeeded(await aws.destroy(STACK));
    console.log(`      ${ran.seconds.toFixed(1)} s`);
    const { Functions } = JSON.parse(await aws.moto.ask("lambda", "/2015-03-31/functions/")) as {
      Functions: unknown[];
    };
    assert.deepEqual(Functions, []);
    const { items } = JSON.parse(await aws.moto.ask("apigateway", "/v2/apis")) as { items: unknown[] };
    assert.deepEqual(items, []);
    const rds = await aws.moto.ask("rds", "/?Action=DescribeDBInstances&Version=2014-10-31");
    assert.doesNotMatch(rds, /<DBInstanceIdentifier>/);
  });

  itFully("has an account that comes up and goes: registries, roles, a boundary", async () => {
    // moto makes a budget, and cannot read its tags.
    const account = changed(goodAccount(), ["budget"], undefined);
    await aws.write("account", { ...account, environment: ENVIRONMENT });
    await aws.init("account");
    succeeded(await aws.up("account"));
    succeeded(await aws.pulumi("account", "preview", "--expect-no-changes"));
    succeeded(await aws.destroy("account"));
  });
});
