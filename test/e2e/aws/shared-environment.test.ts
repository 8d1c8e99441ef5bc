/**
 * A preview environment at AWS that uses another stack's network and database instance, made by the real engine and the AWS
 * plugin on moto. The other stack is staging in all but its kind, for the sake of CloudFront (see application.test.ts). What is
 * asked of the functions is recorded, not done: environment-database.test.ts does it.
 */
import assert from "node:assert/strict";
import { goodAws, goodAwsShared } from "../../support/aws-settings.ts";
import { AwsPlace } from "../../support/e2e-aws.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { itFully } from "../../support/e2e-tier.ts";

const BASE = "staging";
const PREVIEW = "pr-1";
const ENVIRONMENT = { kind: "preview", expiresAt: "2027-12-24T00:00:00Z" };
const SECRET = "a-secret-that-is-long-enough";

interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** What a function is told: the one that starts containers, or the one that asks a service for its health. */
interface Event {
  readonly container?: string;
  readonly functionName?: string;
  readonly lifecycle?: { readonly action: string };
}

describe("a preview environment on another stack's network and database instance at AWS", () => {
  let aws: AwsPlace;
  before(async () => (aws = await AwsPlace.create("aws-shared")));
  after(() => aws?.dispose());

  const ec2 = async (action: string, tag: string) => {
    const answer = await aws.moto.ask("ec2", `/?Action=${action}&Version=2016-11-15`);
    return [...answer.matchAll(new RegExp(`<${tag}>([^<]+)</${tag}>`, "g"))].map(([, id = ""]) => id);
  };
  const networks = async () => ({
    networks: await ec2("DescribeVpcs", "vpcId"),
    subnets: (await ec2("DescribeSubnets", "subnetId")).length,
    endpoints: (await ec2("DescribeVpcEndpoints", "vpcEndpointId")).length,
  });
  const instances = async () => {
    const answer = await aws.moto.ask("rds", "/?Action=DescribeDBInstances&Version=2014-10-31");
    return [...answer.matchAll(/<DBInstanceIdentifier>([^<]+)</g)].map(([, id = ""]) => id);
  };
  const outputsOf = async (stack: string) =>
    JSON.parse(succeeded(await aws.pulumi(stack, "stack", "output", "--json")).stdout) as Record<
      string,
      unknown
    >;

  /** Everything that is asked while something is done. */
  async function recordedWhile(work: () => Promise<unknown>): Promise<Recorded[]> {
    const recorder = (what: string) => aws.moto.ask("moto", `/moto-api/recorder/${what}`, "");
    await recorder("reset-recording");
    await recorder("start-recording");
    await work();
    await recorder("stop-recording");
    const text = await aws.moto.ask("moto", "/moto-api/recorder/download-recording");
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Recorded);
  }

  const eventOf = ({ body }: Recorded) => JSON.parse(Buffer.from(body, "base64").toString()) as Event;
  const isInvocation = ({ method, url }: Recorded) =>
    method === "POST" && /\/functions\/[^/]+\/invocations/.test(url);
  /** Jobs of the database, in their order. */
  const told = (recorded: readonly Recorded[]) =>
    recorded
      .filter(isInvocation)
      .map(eventOf)
      .flatMap(({ container, lifecycle }) =>
        container === undefined ? [] : [[container, lifecycle?.action]],
      );
  /** Services whose new version was asked for its health before it got a request. */
  const askedForHealth = (recorded: readonly Recorded[]) =>
    recorded
      .filter(isInvocation)
      .map(eventOf)
      .flatMap(({ functionName }) => functionName?.replace(/-[^-]+$/, "") ?? [])
      .sort();

  itFully("is refused while that stack is not up", async () => {
    await aws.write(BASE, { ...goodAws(), environment: ENVIRONMENT, alarms: {} });
    await aws.init(BASE, { SECRET_KEY: SECRET, SLACK_WEBHOOK: SECRET });
    await aws.write(PREVIEW, goodAwsShared());
    await aws.init(PREVIEW, { SECRET_KEY: SECRET });
    const refused = ended(await aws.up(PREVIEW), 1);
    assert.match(
      refused.all,
      /shared\.stack: organization\/\S+\/staging exports nothing to share; needs a stack of/,
    );
    assert.doesNotMatch(refused.all, /\.ts:\d+/);
  });

  itFully(
    "comes up without a network and an instance of its own, and a second preview has nothing to change",
    async () => {
      succeeded(await aws.up(BASE));
      const before = await networks();
      const recorded = await recordedWhile(async () => {
        const ran = succeeded(await aws.up(PREVIEW));
        console.log(`      ${ran.seconds.toFixed(1)} s`);
      });
      assert.deepEqual(await networks(), before);
      assert.equal((await instances()).length, 1);
      assert.deepEqual(told(recorded), [
        ["database-drop", "create"],
        ["database-make", undefined],
        ["api-migration", undefined],
      ]);
      assert.deepEqual(askedForHealth(recorded), ["pr-1-api", "pr-1-web"]);
      succeeded(await aws.pulumi(PREVIEW, "preview", "--expect-no-changes"));
    },
  );

  itFully(
    "is let in to the database beside whom that stack lets in, and tells of a database of its own",
    async () => {
      const { shared } = (await outputsOf(BASE)) as { shared: { databaseGroupId: string } };
      const rules = await aws.moto.ask("ec2", "/?Action=DescribeSecurityGroupRules&Version=2016-11-15");
      const clients = [...rules.matchAll(/<item>(?:(?!<\/item>)[^])*<\/item>/g)]
        .map(([item]) => item)
        .filter(
          (item) =>
            item.includes(`<groupId>${shared.databaseGroupId}</groupId>`) && item.includes("<fromPort>5432"),
        );
      assert.equal(clients.length, 4, rules);
      const { database, shared: own } = (await outputsOf(PREVIEW)) as {
        database: { name: string };
        shared: unknown;
      };
      assert.match(database.name, /^pr-1-[0-9a-f]{8}$/);
      assert.equal(own, null);
    },
  );

  itFully("keeps no password in plain text in its state", async () => {
    const state = succeeded(await aws.pulumi(PREVIEW, "stack", "export")).stdout;
    assert.doesNotMatch(state, new RegExp(`${SECRET}|postgresql://[^"]+:[A-Za-z0-9]{32}@`));
  });

  itFully(
    "has its database dropped while there is still somebody to do so, and leaves that stack as it was",
    async () => {
      const recorded = await recordedWhile(async () => {
        const ran = succeeded(await aws.destroy(PREVIEW));
        console.log(`      ${ran.seconds.toFixed(1)} s`);
      });
      assert.deepEqual(told(recorded), [["database-drop", "delete"]]);
      const order = recorded.map((one) => (isInvocation(one) ? "drop" : `${one.method} ${one.url}`));
      const removed = order.findIndex((what) => /^DELETE \S+\/functions\/\S*database-jobs/.test(what));
      assert.ok(order.indexOf("drop") < removed, order.join("\n"));
      succeeded(await aws.pulumi(BASE, "preview", "--expect-no-changes"));
      assert.equal((await instances()).length, 1);
      const functions = await aws.moto.ask("lambda", "/2015-03-31/functions/");
      assert.doesNotMatch(functions, /database-jobs/);
      succeeded(await aws.destroy(BASE));
    },
  );
});
