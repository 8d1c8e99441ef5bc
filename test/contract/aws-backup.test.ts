/** Backups of a stack at AWS, as its resource graph has them. */
import assert from "node:assert/strict";
import { checkOutputs } from "../../components/outputs.ts";
import type { Kind } from "../../policy/rule.ts";
import { goodAws, withAwsBackup } from "../support/aws-settings.ts";
import { type Graph, buildGraph, finderIn } from "../support/graph.ts";
import { statementsOf } from "../support/iam-statements.ts";
import { brokenBy } from "../support/policy-resources.ts";
import { type Config, changed, problemLines } from "../support/settings.ts";

const build = (config: Config = withAwsBackup()) =>
  buildGraph({ stack: "shop", config, secretKeys: ["secrets"] });

const FUNCTION = "aws:lambda/function:Function";
const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const ARN = "arn:aws:lambda:eu-central-1:123456789012:function:backup";

interface Container {
  name: string;
  user: string;
  entryPoint: string[];
  command?: string[];
  environment: { name: string; value: string }[];
  secrets: { name: string; valueFrom: string }[];
  mountPoints: { sourceVolume: string; containerPath: string }[];
  [key: string]: unknown;
}

describe("backups at AWS", () => {
  let graph: Graph;
  before(async () => (graph = await build()));

  const { all } = finderIn(() => graph);
  const named = (type: string, name: string, of = graph) => {
    const found = all(type, of).find((one) => one.name === name);
    assert.ok(found, `${type} ${name}`);
    return found.inputs;
  };
  const task = (of = graph) => named("aws:ecs/taskDefinition:TaskDefinition", "backup", of);
  const containers = (of = graph) =>
    JSON.parse(String(task(of).containerDefinitions)) as [keeper: Container, courier: Container];
  const valueOf = ({ environment }: Container, name: string) =>
    environment.find((one) => one.name === name)?.value;

  for (const [kind, environment] of [
    ["production", { kind: "production" }],
    ["preview", { kind: "preview", expiresAt: "2026-12-24T00:00:00Z" }],
  ] as const)
    it(`break no rule of the policy pack in ${kind}`, async () => {
      const { resources } = await build({ ...withAwsBackup(), environment });
      assert.deepEqual(brokenBy(resources, kind as Kind), []);
    });

  it("are a keeper and its courier in one task, without a right and with nothing to write to but what they share", () => {
    assert.partialDeepStrictEqual(task(), {
      requiresCompatibilities: ["FARGATE"],
      cpu: "1024",
      memory: "2048",
      ephemeralStorage: { sizeInGib: 200 },
      runtimePlatform: { cpuArchitecture: "ARM64" },
    });
    const [keeper, courier] = containers();
    for (const one of [keeper, courier])
      assert.partialDeepStrictEqual(one, {
        essential: true,
        readonlyRootFilesystem: true,
        linuxParameters: { capabilities: { drop: ["ALL"] } },
      });
    assert.deepEqual(
      [keeper.user, keeper.image, courier.image],
      [
        "postgres",
        "public.ecr.aws/docker/library/postgres:16-alpine",
        "public.ecr.aws/docker/library/nginx:1.28-alpine",
      ],
    );
    assert.deepEqual(keeper.dependsOn, [{ containerName: "courier", condition: "START" }]);
    const places = (one: Container) =>
      one.mountPoints.map(({ sourceVolume, containerPath }) => `${sourceVolume} ${containerPath}`);
    assert.deepEqual(places(keeper), [
      "backups /backups",
      "keeper-scratch /tmp",
      "keeper-scratch /var/lib/postgresql/data",
    ]);
    assert.deepEqual(places(courier), ["backups /backups", "keeper-scratch /keeper", "courier-scratch /tmp"]);
    assert.deepEqual(task().volumes, [
      { name: "backups" },
      { name: "keeper-scratch" },
      { name: "courier-scratch" },
    ]);
  });

  it("run the scripts of the other targets, in a definition that ECS takes", () => {
    const [keeper, courier] = containers();
    assert.deepEqual([keeper.command, courier.command], [["now"], undefined]);
    for (const [{ entryPoint, name }, ...parts] of [
      [keeper, "pg_dump --format=custom", "fill_and_check", "errand()", "measure GoodBackups"],
      [courier, "x-amz-server-side-encryption", "expire_remote", "run_errand", "x-amz-security-token"],
    ] as [Container, ...string[]][]) {
      const [shell, flag, script = "", word] = entryPoint;
      assert.deepEqual([shell, flag, word], ["/bin/sh", "-c", name]);
      for (const part of parts) assert.ok(script.includes(part), part);
    }
    assert.ok(!keeper.entryPoint[2]?.includes("--aws-sigv4"));
    // 64 KiB is the most that ECS takes.
    assert.ok(JSON.stringify(task()).length < 60_000, String(JSON.stringify(task()).length));
  });

  it("reach the database by TLS with RDS' own authority, and have no secret in plain text", () => {
    const [keeper, courier] = containers();
    assert.deepEqual(
      ["PGHOST", "PGUSER", "PGSSLMODE", "S3"].map((name) => valueOf(keeper, name)),
      ["database.example.com", "app", "verify-full", "backup-id"],
    );
    assert.equal(
      valueOf(courier, "DATABASE_CA_URL"),
      "https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem",
    );
    assert.equal(valueOf(courier, "S3_URL"), "https://backup-id.s3.eu-central-1.amazonaws.com");
    const secrets = [keeper, courier].map((one) => one.secrets.map(({ name }) => name));
    assert.deepEqual(secrets, [["DATABASE_URL"], ["PING_URL"]]);
    for (const { type, inputs } of graph.resources)
      if (type !== "aws:secretsmanager/secretVersion:SecretVersion")
        assert.ok(!JSON.stringify(inputs).includes("https://ping.example.com"), type);
  });

  it("are in a bucket that a protected environment keeps, and that a preview environment takes along", async () => {
    const bucket = (of: Graph) =>
      of.resources.find(({ type, name }) => type === "aws:s3/bucket:Bucket" && name === "backup");
    assert.equal(bucket(graph)?.protect, true);
    const preview = { kind: "preview", expiresAt: "2026-12-24T00:00:00Z" };
    const gone = bucket(await build({ ...withAwsBackup(), environment: preview }));
    assert.deepEqual([gone?.protect, gone?.inputs.forceDestroy], [false, true]);
  });

  it("may do so much, and say why", () => {
    const policy = (name: string) =>
      statementsOf(named("aws:iam/rolePolicy:RolePolicy", name).policy).map(({ Sid, Action, Resource }) => [
        Sid,
        Action,
        Resource,
      ]);
    const bucket = "arn:aws:s3:eu-central-1:123456789012:bucket/backup";
    assert.deepEqual(policy("backup-task"), [
      ["KeepTheBackups", ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"], `${bucket}/database/*`],
      ["ListTheBackups", ["s3:ListBucket"], bucket],
    ]);
    assert.deepEqual(policy("backup-schedule"), [["StartTheBackups", ["lambda:InvokeFunction"], ARN]]);
    assert.deepEqual(
      policy("backup-start").map(([Sid]) => Sid),
      ["WriteItsLog", "ReadTheirSecrets"],
    );
    assert.deepEqual(
      policy("backup").map(([Sid]) => Sid),
      [
        "WriteItsLog",
        "ReadTheLogOfTheJobs",
        "StartTheJobs",
        "WaitForTheJobs",
        "GiveThemTheirRole",
        "SeeWhetherOneRuns",
      ],
    );
  });

  it("pull their images from ECR where they are there", async () => {
    const image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/base/postgres:16";
    const own = await build({ ...withAwsBackup(), images: { postgres: image } });
    const statements = statementsOf(named("aws:iam/rolePolicy:RolePolicy", "backup-start", own).policy);
    assert.deepEqual(statements.find(({ Sid }) => Sid === "PullTheirImages")?.Resource, [
      "arn:aws:ecr:eu-central-1:123456789012:repository/base/postgres",
    ]);
  });

  it("are let to the database, and nobody to them", () => {
    const rule = named("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "database-from-backup");
    assert.equal(rule.referencedSecurityGroupId, "backup-id");
    const into = all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").filter(
      ({ inputs }) => inputs.securityGroupId === "backup-id",
    );
    assert.deepEqual(into, []);
  });

  it("are started by EventBridge, in UTC, through the function that everybody starts them by", () => {
    const schedules = all("aws:scheduler/schedule:Schedule").map(({ name, inputs }) => [name, inputs]);
    const schedule = (expression: string, args: string[]) => ({
      scheduleExpression: expression,
      scheduleExpressionTimezone: "UTC",
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: ARN,
        roleArn: "arn:aws:iam:eu-central-1:123456789012:role/backup-schedule",
        input: JSON.stringify({ args, seconds: 0 }),
        retryPolicy: { maximumEventAgeInSeconds: 3600 },
      },
    });
    assert.deepEqual(Object.fromEntries(schedules), {
      backup: schedule("cron(0 3 * * ? *)", ["now"]),
      "backup-drill": schedule("cron(0 5 ? * 1 *)", ["drill"]),
    });
    assert.partialDeepStrictEqual(named(FUNCTION, "backup").environment, {
      variables: {
        CLUSTER: "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs",
        FAMILY: "tristack-shop-backup",
        TASK_DEFINITION: "arn:aws:ecs:eu-central-1:123456789012:taskDefinition/backup",
        CONTAINER: "keeper",
        SECURITY_GROUP: "backup-id",
        PUBLIC_ADDRESS: "ENABLED",
      },
    });
  });

  it("begin with the stack, once it has its database", () => {
    const first = graph.resources.find(({ name }) => name === "backup-first");
    assert.deepEqual(JSON.parse(String(first?.inputs.input)), { args: ["now"], seconds: 600 });
    assert.ok(first?.dependencies.includes("database-from-backup"), String(first?.dependencies));
  });

  it("are missed when one fails, and when there is none", async () => {
    assert.partialDeepStrictEqual(named(ALARM, "alarm-backup-failed"), {
      namespace: "Tristack",
      dimensions: { Stack: "tristack/shop" },
      metricName: "FailedBackups",
      threshold: 0,
      treatMissingData: "notBreaching",
    });
    // A day, and an hour more.
    assert.partialDeepStrictEqual(named(ALARM, "alarm-backup-late"), {
      metricName: "GoodBackups",
      period: 3600,
      evaluationPeriods: 25,
      comparisonOperator: "LessThanThreshold",
      threshold: 1,
      treatMissingData: "breaching",
    });
    const late = async (schedule: string) => {
      const of = await build(changed(withAwsBackup(), ["backup", "schedule"], schedule));
      const alarm = all(ALARM, of).find(({ name }) => name === "alarm-backup-late")?.inputs;
      return alarm && [alarm.period, alarm.evaluationPeriods];
    };
    assert.deepEqual(await late("0 * * * *"), [60, 120]);
    assert.equal(await late("0 3 * * 0"), undefined, "CloudWatch looks back no further than a week");
  });

  it("are part of the outputs, and cost what the hand says", async () => {
    assert.deepEqual(checkOutputs(graph.outputs), []);
    assert.deepEqual(graph.outputs.backup, {
      schedule: "0 3 * * *",
      retentionDays: 30,
      destination: "s3://backup-id/database/",
      run: { via: "lambda", target: ARN, args: ["now"] },
      restore: { via: "lambda", target: ARN, args: ["prepare"] },
    });
    const without = await build(goodAws());
    assert.equal(without.outputs.backup, null);
    type Cost = { monthlyUsd: number; unpriced: string[] };
    const [cost, less] = [graph, without].map((of) => of.outputs.cost as Cost);
    // Two alarms, and a secret for the URL that is asked.
    assert.equal(Math.round(100 * (Number(cost?.monthlyUsd) - Number(less?.monthlyUsd))), 60);
    for (const line of ["backup (by how long its containers run)", "backup (by what is kept in it)"])
      assert.ok(cost?.unpriced.includes(line), line);
  });

  it("are refused where the target cannot make them as asked", () => {
    assert.deepEqual(problemLines(withAwsBackup()), []);
    assert.deepEqual(problemLines({ ...goodAws(), backup: {} }), []);
    const line = (path: string[], value: unknown) =>
      problemLines(changed(withAwsBackup(), path, value)).join("\n");
    assert.equal(
      line(["backup", "schedule"], "0 3 1 * 1"),
      'tristack:backup.schedule is "0 3 1 * 1"; needs * as the day of the month, or as that of the week, since the target is aws',
    );
    assert.equal(
      line(["secrets", "PING_URL"], undefined),
      "tristack:backup.ping is PING_URL; needs a name under secrets: pulumi config set --secret --path 'secrets.PING_URL'",
    );
    for (const key of ["s3", "recoveryKey", "cpu", "memory"])
      assert.equal(line(["backup", key], {}), `tristack:backup.${key} is not a setting; needs to be removed`);
    assert.match(
      line(["images"], { postgres: "Postgres" }),
      /^tristack:images\.postgres is Postgres; needs an image/,
    );
  });
});
