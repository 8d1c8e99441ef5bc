/**
 * An application at AWS, made by the real engine and the AWS plugin on moto: up, releases, deploys that pass, fail and are
 * taken back, down.
 * As a preview environment: of CloudFront moto forgets what it was told (its origin's access) or knows nothing (its policies).
 * What a function does is not asked: moto answers for it, and for visitors an edge of the test's own (e2e-edge.ts).
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { DescribeAlarmsCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateRepositoryCommand, PutImageCommand } from "@aws-sdk/client-ecr";
import { Clients } from "../../../cli/aws/clients.ts";
import type { Released } from "../../../cli/release.ts";
import { goodAccount, goodAws } from "../../support/aws-settings.ts";
import { AwsPlace } from "../../support/e2e-aws.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { type Edge, startEdge } from "../../support/e2e-edge.ts";
import { REGION, envOf } from "../../support/e2e-moto.ts";
import { itFully } from "../../support/e2e-tier.ts";
import { type Config, changed } from "../../support/settings.ts";
import { withVariables } from "../../support/variables.ts";

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

  describe("with plain Pulumi", () => {
    itFully("has an account that comes up and goes: registries, roles, a boundary", async () => {
      // moto makes a budget, and cannot read its tags.
      const account = changed(goodAccount(), ["budget"], undefined);
      await aws.write("account", { ...account, environment: ENVIRONMENT });
      await aws.init("account");
      succeeded(await aws.up("account"));
      succeeded(await aws.pulumi("account", "preview", "--expect-no-changes"));
      succeeded(await aws.destroy("account"));
    });

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

    itFully(
      "leaves an alias to the shift that moves it, and finds nothing to change afterwards",
      async () => {
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
      },
    );
  });

  describe("deployed", () => {
    /** Versions of the function that answer with errors. */
    const broken = new Set<string>();
    let edge: Edge;
    let clients: Clients;
    let restore: () => void = () => undefined;

    before(async () => {
      restore = withVariables(envOf(aws.moto));
      clients = new Clients(REGION);
      for (const service of ["web", "api"]) {
        await clients.registry.send(new CreateRepositoryCommand({ repositoryName: `shop/${service}` }));
        for (const tag of ["v3", "v4", "v5", "v6", "v7"]) await push(service, tag);
      }
      edge = await startEdge({
        moto: aws.moto,
        domain: "shop.example.com",
        folder: await aws.place.folder("edge"),
        functionName: () => functionName("api").catch(() => undefined),
        statusOf: (version) => (broken.has(version) ? 500 : 200),
      });
      Object.assign(aws.place.env, edge.env);
      await aws.write(STACK, SETTINGS);
    });
    after(async () => {
      await edge?.stop();
      restore();
    });

    /** With alarms, which a deploy watches, and little time between the steps. */
    const SETTINGS: Config = {
      ...changed(goodAws(), ["release"], undefined),
      environment: ENVIRONMENT,
      alarms: { emails: ["dev@example.com"] },
      delivery: { steps: [20, 50], pause: "5s", bake: "5s" },
    };

    async function push(service: string, imageTag: string): Promise<void> {
      const mediaType = "application/vnd.oci.image.manifest.v1+json";
      const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType, layers: [], tag: imageTag });
      await clients.registry.send(
        new PutImageCommand({
          repositoryName: `shop/${service}`,
          imageTag,
          imageManifest,
          imageManifestMediaType: mediaType,
        }),
      );
    }

    /** As Lambda would. */
    async function logged(service: string, version: string, message: string): Promise<void> {
      const { logGroups = [] } = await clients.logs.send(new DescribeLogGroupsCommand({}));
      const own = new RegExp(`^${STACK}-${service}-[0-9a-f]{6}$`);
      const logGroupName = logGroups
        .map(({ logGroupName = "" }) => logGroupName)
        .find((name) => own.test(name));
      assert.ok(logGroupName, service);
      const logStreamName = `2026/11/28/[${version}]0badcafe`;
      await clients.logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
      const logEvents = [{ timestamp: Date.now(), message }];
      await clients.logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
    }

    const tristack = (args: string[]) => aws.place.tristack(args, { timeoutSeconds: 600 });
    const deploy = (version: string) => tristack(["deploy", STACK, "--version", version, "--json"]);
    const releaseThatRuns = async () => {
      const { stdout } = succeeded(await tristack(["outputs", STACK, "--json"]));
      const { release, status } = JSON.parse(stdout) as {
        release: { version: string };
        status: { lastDeploy: { passed: boolean; reason: string | null } | null };
      };
      return { ...status.lastDeploy, version: release.version };
    };
    /** Published last: what a deploy that fails has made. */
    const nextVersion = async () => String(Number((await aliasOf("api")).FunctionVersion) + 1);

    itFully("brings a release in steps; what runs, who brought it and its log are told", async () => {
      const before = (await aliasOf("api")).FunctionVersion;
      const ran = succeeded(await deploy("v4"));
      const { lastDeploy } = JSON.parse(ran.stdout) as Released;
      assert.deepEqual([lastDeploy.passed, lastDeploy.proof.failed], [true, 0], ran.all);
      assert.ok(lastDeploy.proof.requests > 50);
      assert.ok((lastDeploy.proof.seconds.shift ?? 0) >= 10, JSON.stringify(lastDeploy.proof.seconds));
      const { FunctionVersion: now } = await aliasOf("api");
      assert.notEqual(now, before);
      assert.ok((edge.answered.get(before) ?? 0) > 0 && (edge.answered.get(now) ?? 0) > 0, "both were asked");
      assert.partialDeepStrictEqual(await releaseThatRuns(), { version: "v4", passed: true });
      succeeded(await unchanged());

      const status = JSON.parse(succeeded(await tristack(["status", STACK, "--json"])).stdout) as {
        held: null;
        containers: { part: string; status: string; version: string | null }[];
      };
      assert.deepEqual(
        status.containers.map(({ part, version }) => [part, version]),
        [
          ["api", "v4"],
          ["web", "v4"],
          ["postgres", null],
        ],
      );
      assert.match(status.containers.at(-1)?.status ?? "", /^available, PostgreSQL 16/);
      assert.equal(status.held, null);
      assert.match(succeeded(await tristack(["releases", STACK])).all, /runs +.*deploy +v4 +passed/);

      await logged("api", now, "of v4");
      await logged("api", before, "of v3");
      const { stdout: log } = succeeded(await tristack(["logs", STACK]));
      assert.match(log, /^\S+-api-\S+ +\S+Z of v4$/);
      const { stdout: none } = succeeded(await tristack(["logs", STACK, "postgres"]));
      assert.equal(none, "", "RDS has not made its log yet");
    });

    itFully("goes back by itself when an alarm rings", async () => {
      const { MetricAlarms = [] } = await clients.metrics.send(new DescribeAlarmsCommand({}));
      const errors = MetricAlarms.find(({ AlarmName }) => AlarmName?.includes("-alarm-errors-"));
      assert.ok(errors?.AlarmName);
      const { AlarmName } = errors;
      const set = (StateValue: "OK" | "ALARM") =>
        clients.metrics.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "set by hand" }));
      await set("OK");
      const next = await nextVersion();
      const ringing = (async () => {
        for (const end = Date.now() + 300_000; Date.now() < end; await sleep(200))
          if ((edge.answered.get(next) ?? 0) > 0) return set("ALARM");
        throw new Error(`nobody was shown version ${next}`);
      })();
      const ran = ended(await deploy("v5"), 1);
      await ringing;
      await set("OK");
      const { lastDeploy, runs } = JSON.parse(ran.stdout) as Released;
      assert.match(
        lastDeploy.reason ?? "",
        /^at (20|50) % of the traffic: the alarm \S+-alarm-errors-\w+ rings: more than 5 %/,
      );
      assert.equal(runs, "v4");
      assert.partialDeepStrictEqual(await releaseThatRuns(), { version: "v4", passed: false });
      const { FunctionVersion: serves } = await aliasOf("api");
      assert.notEqual(serves, next);
      succeeded(await unchanged());
      console.log(`      ${ran.seconds.toFixed(1)} s, of which ${JSON.stringify(lastDeploy.proof.seconds)}`);
    });

    itFully(
      "goes back by itself when requests fail, and no more of them than a step's share were shown it",
      async () => {
        const next = await nextVersion();
        broken.add(next);
        const before = edge.answered.get(next) ?? 0;
        const ran = ended(await deploy("v6"), 1);
        const { lastDeploy, runs } = JSON.parse(ran.stdout) as Released;
        assert.match(lastDeploy.reason ?? "", /^at 20 % of the traffic: \d+ of \d+ requests failed/);
        assert.equal(runs, "v4");
        const shown = (edge.answered.get(next) ?? 0) - before;
        assert.ok(
          shown > 0 && shown <= lastDeploy.proof.requests * 0.2,
          `${shown} of ${lastDeploy.proof.requests}`,
        );
        succeeded(await unchanged());
      },
    );

    itFully("changes nothing for an image that is not there", async () => {
      const alias = await aliasOf("api");
      const ran = ended(await deploy("v9"), 1);
      for (const service of ["api", "web"])
        assert.ok(ran.all.includes(`shop/${service}:v9 is not in the registry`), ran.all);
      assert.deepEqual(await aliasOf("api"), alias);
      assert.doesNotMatch(ran.all, /\n {4}at /);
    });

    itFully("is rolled back to the release before, with the settings that it had", async () => {
      await aws.write(STACK, changed(SETTINGS, ["services", "api", "environment"], { GREETING: "new" }));
      succeeded(await deploy("v7"));
      const { variables } = await variablesOf("api");
      assert.equal(variables.GREETING, "new");
      const ran = succeeded(await tristack(["rollback", STACK, "--json"]));
      console.log(`      ${ran.seconds.toFixed(1)} s`);
      assert.partialDeepStrictEqual(await releaseThatRuns(), { version: "v4", passed: true });
      const after = (await variablesOf("api")).variables;
      assert.deepEqual([after.GREETING, after.RELEASE], [undefined, "v4"]);
      await aws.write(STACK, SETTINGS);
      succeeded(await unchanged());
    });

    async function variablesOf(service: string): Promise<{ variables: Record<string, string> }> {
      const name = await functionName(service);
      const { FunctionVersion } = await aliasOf(service);
      const path = `/2015-03-31/functions/${name}/configuration?Qualifier=${FunctionVersion}`;
      const { Environment } = JSON.parse(await aws.moto.ask("lambda", path)) as {
        Environment: { Variables: Record<string, string> };
      };
      return { variables: Environment.Variables };
    }
  });

  describe("in the end", () => {
    itFully("changes one setting in place", async () => {
      await aws.write(STACK, {
        ...changed(goodAws(), ["release"], undefined),
        environment: ENVIRONMENT,
        alarms: { emails: ["dev@example.com"] },
        proxy: { timeout: "20s" },
      });
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
  });
});
