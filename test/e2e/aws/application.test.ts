/**
 * An application at AWS, made by the real engine and the AWS plugin on moto: up, releases, an alias that a shift has moved, down.
 * As a preview environment: of CloudFront moto forgets what it was told (its origin's access) or knows nothing (its policies).
 * What a function does is not asked: moto answers for it.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { goodAccount, goodAws } from "../../support/aws-settings.ts";
import { PROJECT } from "../../support/e2e-clone.ts";
import { succeeded } from "../../support/e2e-command.ts";
import { type Moto, envOf, hostedZone, startMoto } from "../../support/e2e-moto.ts";
import { itFully } from "../../support/e2e-tier.ts";
import { Workspace } from "../../support/e2e-workspace.ts";
import { type Config, changed } from "../../support/settings.ts";

const STACK = "pr-7";
const ENVIRONMENT = { kind: "preview", expiresAt: "2027-12-24T00:00:00Z" };

describe("an application at AWS", () => {
  let place: Workspace;
  let moto: Moto;

  before(async () => {
    place = await Workspace.create("aws-application");
    moto = await startMoto({
      MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
      S3_IGNORE_SUBDOMAIN_BUCKETNAME: "true",
      MOTO_ACM_VALIDATION_WAIT: "1",
    });
    Object.assign(place.env, {
      ...envOf(moto),
      PULUMI_BACKEND_URL: `file://${await place.folder("state")}`,
      PULUMI_CONFIG_PASSPHRASE: "e2e",
    });
    await hostedZone(moto, "example.com");
  });
  after(async () => {
    await place?.dispose();
    await moto?.stop();
  });

  const pulumi = (stack: string, command: string, ...more: string[]) =>
    place.pulumi([command, "--stack", stack, ...more], { timeoutSeconds: 1200 });
  const up = (stack = STACK) => pulumi(stack, "up", "--yes", "--skip-preview");
  const unchanged = (...more: string[]) => pulumi(STACK, "preview", "--expect-no-changes", ...more);

  /** What of the file is Pulumi's stays: the salt, and secrets. */
  async function write(stack: string, config: Config): Promise<void> {
    const file = join(place.root, `Pulumi.${stack}.yaml`);
    const before = await readFile(file, "utf8").catch(() => "");
    const salt = /^encryptionsalt:.*$/m.exec(before)?.[0] ?? "";
    const secrets = new RegExp(`^ {2}${PROJECT}:secrets:\\n(?: {4}.*\\n)+`, "m").exec(before)?.[0] ?? "";
    const keyed = Object.entries(config)
      .filter(([key]) => key !== "secrets")
      .map(([key, value]) => [`${PROJECT}:${key}`, value]);
    const text = stringify({ config: Object.fromEntries(keyed) as Config });
    await writeFile(file, `${text}${secrets}${salt}\n`);
  }

  const releaseOf = (release: object) =>
    write(STACK, { ...goodAws(), environment: ENVIRONMENT, alarms: {}, release });

  interface Alias {
    FunctionName: string;
    FunctionVersion: string;
  }

  async function functionName(service: string): Promise<string> {
    const { Functions } = JSON.parse(await moto.ask("lambda", "/2015-03-31/functions/")) as {
      Functions: { FunctionName: string }[];
    };
    const found = Functions.find(({ FunctionName }) => FunctionName.includes(`-${service}-`));
    assert.ok(found, service);
    return found.FunctionName;
  }

  async function aliasOf(service: string): Promise<Alias> {
    const name = await functionName(service);
    return JSON.parse(await moto.ask("lambda", `/2015-03-31/functions/${name}/aliases/live`)) as Alias;
  }

  itFully("comes up, and a second preview has nothing to change", async () => {
    await releaseOf({ version: "v1" });
    succeeded(await place.pulumi(["stack", "init", STACK]));
    for (const name of ["SECRET_KEY", "SLACK_WEBHOOK"])
      succeeded(
        await place.pulumi(
          ["config", "set", "--secret", "--path", `${PROJECT}:secrets.${name}`, "--stack", STACK],
          { input: `a-secret-that-is-long-enough-${name}` },
        ),
      );
    const ran = succeeded(await up());
    console.log(`      ${ran.seconds.toFixed(1)} s`);
    assert.doesNotMatch(ran.all, /a-secret-that-is-long-enough/);
    succeeded(await unchanged());
    assert.equal((await aliasOf("api")).FunctionVersion, "1");
  });

  itFully("keeps no secret in plain text, neither in the state nor in a function's variables", async () => {
    const state = succeeded(await pulumi(STACK, "stack", "export")).stdout;
    assert.doesNotMatch(state, /a-secret-that-is-long-enough/);
    const functions = await moto.ask("lambda", "/2015-03-31/functions/");
    assert.doesNotMatch(functions, /a-secret-that-is-long-enough|postgresql:/);
    assert.match(functions, /"DATABASE_URL_ARN": ?"arn:aws:secretsmanager:/);
  });

  itFully("brings a release: a new version of each function, its migration, then the alias", async () => {
    await releaseOf({ version: "v2" });
    const ran = succeeded(await up());
    for (const service of ["api", "web"]) assert.equal((await aliasOf(service)).FunctionVersion, "2");
    const migrated = ran.all.indexOf("api-migration");
    assert.ok(migrated > 0);
    succeeded(await unchanged());
  });

  itFully("leaves an alias to the shift that moves it, and finds nothing to change afterwards", async () => {
    const { services } = goodAws() as { services: object };
    const previous = { id: "v2-0badcafe", version: "v2", settings: { services, proxy: {} } };
    await releaseOf({ version: "v3", previous });
    succeeded(await up());
    const name = await functionName("api");
    const path = `/2015-03-31/functions/${name}/aliases/live`;
    const before = await aliasOf("api");
    assert.equal(before.FunctionVersion, "2", "published, and not asked yet");
    await moto.ask("lambda", path, JSON.stringify({ FunctionVersion: "3" }), "PUT");

    succeeded(await up());
    assert.equal((await aliasOf("api")).FunctionVersion, "3", "the update does not move it back");
    await releaseOf({ version: "v3" });
    succeeded(await up());
    for (const service of ["api", "web"]) assert.equal((await aliasOf(service)).FunctionVersion, "3");
    succeeded(await unchanged());
  });

  itFully("changes one setting in place", async () => {
    const same = { ...goodAws(), environment: ENVIRONMENT, alarms: {}, release: { version: "v3" } };
    await write(STACK, { ...same, proxy: { timeout: "20s" } });
    const ran = succeeded(await pulumi(STACK, "preview", "--diff"));
    assert.doesNotMatch(ran.all, /to (replace|delete)/);
    succeeded(await up());
    succeeded(await unchanged());
  });

  itFully("is destroyed without a rest", async () => {
    const ran = succeeded(await pulumi(STACK, "destroy", "--yes", "--skip-preview"));
    console.log(`      ${ran.seconds.toFixed(1)} s`);
    const { Functions } = JSON.parse(await moto.ask("lambda", "/2015-03-31/functions/")) as {
      Functions: unknown[];
    };
    assert.deepEqual(Functions, []);
    const { items } = JSON.parse(await moto.ask("apigateway", "/v2/apis")) as { items: unknown[] };
    assert.deepEqual(items, []);
    const rds = await moto.ask("rds", "/?Action=DescribeDBInstances&Version=2014-10-31");
    assert.doesNotMatch(rds, /<DBInstanceIdentifier>/);
  });

  itFully("has an account that comes up and goes: registries, roles, a boundary", async () => {
    // moto makes a budget, and cannot read its tags.
    const account = changed(goodAccount(), ["budget"], undefined);
    await write("account", { ...account, environment: ENVIRONMENT });
    succeeded(await place.pulumi(["stack", "init", "account"]));
    succeeded(await up("account"));
    succeeded(await pulumi("account", "preview", "--expect-no-changes"));
    succeeded(await pulumi("account", "destroy", "--yes", "--skip-preview"));
  });
});
