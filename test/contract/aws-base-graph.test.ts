/** Network, database and buckets of AWS, as a graph. */
import assert from "node:assert/strict";
import type { Kind } from "../../policy/rule.ts";
import program from "../fixtures/aws-base/program.ts";
import { type Graph, buildGraph, finderIn } from "../support/graph.ts";
import { brokenBy } from "../support/policy-resources.ts";

const build = (environment: object = { kind: "production" }) =>
  buildGraph({ stack: "shop", config: { environment } }, program);
const PREVIEW = { kind: "preview", expiresAt: "2026-12-24T00:00:00Z" };

describe("what the AWS target stands on", () => {
  let graph: Graph;
  before(async () => (graph = await build()));

  const { all, only } = finderIn(() => graph);
  const instance = (of = graph) => only("aws:rds/instance:Instance", of);

  for (const environment of [{ kind: "production" }, { kind: "staging" }, PREVIEW])
    it(`breaks no rule of the policy pack in ${environment.kind}`, async () => {
      const { resources } = await build(environment);
      assert.deepEqual(brokenBy(resources, environment.kind as Kind), []);
    });

  it("keeps the database where nothing reaches it, and lets in nobody who is not named", () => {
    assert.deepEqual(only("aws:rds/subnetGroup:SubnetGroup").inputs.subnetIds, [
      "network-data-0-id",
      "network-data-1-id",
    ]);
    const data = all("aws:ec2/routeTable:RouteTable").find(({ name }) => name === "network-data");
    assert.deepEqual(data?.inputs.routes, []);
    assert.deepEqual(all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"), []);
    assert.deepEqual(all("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"), []);
  });

  it("has the password made up, encrypted, and in Secrets Manager as part of the URL", () => {
    const made = "generated-for-database-password";
    assert.deepEqual(instance().inputs.password, { secret: made });
    const { secretString } = only("aws:secretsmanager/secretVersion:SecretVersion").inputs;
    assert.match(
      (secretString as { secret: string }).secret,
      new RegExp(`^postgresql://app:${made}@.*:5432/app\\?sslmode=require$`),
    );
    assert.ok(!JSON.stringify(graph.outputs).includes(made));
  });

  it("leaves a snapshot of a name that no earlier life has used, but in a preview environment", async () => {
    assert.equal(instance().inputs.skipFinalSnapshot, false);
    assert.ok(
      instance().dependencies.includes("database-life") ||
        String(instance().inputs.finalSnapshotIdentifier).startsWith("tristack-shop-"),
    );
    const preview = instance(await build(PREVIEW)).inputs;
    assert.equal(preview.skipFinalSnapshot, true);
    assert.equal(preview.finalSnapshotIdentifier, undefined);
  });

  it("keeps the logs of the database for as long as it is told, in the groups that RDS writes to", () => {
    const { identifier, enabledCloudwatchLogsExports } = instance().inputs;
    assert.match(String(identifier), /^shop-database-[0-9a-f]{8}$/);
    const groups = all("aws:cloudwatch/logGroup:LogGroup").filter(({ name }) => name.startsWith("database-"));
    assert.deepEqual(
      groups.map(({ inputs }) => [inputs.name, inputs.retentionInDays]),
      (enabledCloudwatchLogsExports as string[]).map((log) => [
        `/aws/rds/instance/${String(identifier)}/${log}`,
        30,
      ]),
    );
    for (const { name } of groups) assert.ok(instance().dependencies.includes(name), name);
  });

  it("protects data and network in staging and production, and empties buckets of preview environments alone", async () => {
    const kept = ["aws:rds/instance:Instance", "aws:s3/bucket:Bucket", "aws:ec2/vpc:Vpc"];
    for (const kind of ["staging", "production"]) {
      const of = await build({ kind });
      for (const type of kept) for (const one of all(type, of)) assert.equal(one.protect, true, one.name);
      for (const { inputs } of all("aws:s3/bucket:Bucket", of)) assert.equal(inputs.forceDestroy, false);
      assert.equal(instance(of).inputs.deletionProtection, kind === "production");
    }
    const preview = await build(PREVIEW);
    for (const type of kept) for (const one of all(type, preview)) assert.equal(one.protect, false, one.name);
    for (const { inputs } of all("aws:s3/bucket:Bucket", preview)) assert.equal(inputs.forceDestroy, true);
  });

  it("costs what the hand says", async () => {
    // db.t4g.micro in two zones, 20 GiB, a secret.
    assert.equal((graph.outputs.cost as { monthlyUsd: number }).monthlyUsd, 28.36);
    const { cost } = (await build(PREVIEW)).outputs as { cost: { monthlyUsd: number; unpriced: string[] } };
    assert.equal(cost.monthlyUsd, 14.38);
    assert.deepEqual(cost.unpriced.sort(), [
      "database-postgresql (by the amount of logs)",
      "database-upgrade (by the amount of logs)",
      "files (by what is kept in it)",
      "logs (by what is kept in it)",
      "network-flows (by the amount of logs)",
    ]);
  });
});
