/** The resource graph of a preview environment that uses staging's network and database instance. */
import assert from "node:assert/strict";
import { checkOutputs } from "../../components/outputs.ts";
import { goodAws, goodAwsShared } from "../support/aws-settings.ts";
import { type Graph, buildFailing, buildGraph, finderIn } from "../support/graph.ts";
import { statementsOf } from "../support/iam-statements.ts";
import { brokenBy } from "../support/policy-resources.ts";
import type { Config } from "../support/settings.ts";

const STAGING = { environment: { kind: "staging" }, database: {} };
const owning = (stack: string, change: Config = {}) =>
  buildGraph({ stack, config: { ...goodAws(), ...change }, secretKeys: ["secrets"] });
const input = (lastOutputs: Record<string, unknown>, change: Config = {}, stack = "pr-42") => ({
  stack,
  config: { ...goodAwsShared(), ...change },
  secretKeys: ["secrets"],
  lastOutputs,
});

const FUNCTION = "aws:lambda/function:Function";
const INVOCATION = "aws:lambda/invocation:Invocation";
const DEFINITION = "aws:ecs/taskDefinition:TaskDefinition";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
/** Of the URL of staging's own database. */
const STAGINGS = "arn:aws:secretsmanager:eu-central-1:123456789012:secret/database-url";

interface Container {
  image: string;
  command: string[];
  environment: { name: string; value: string }[];
  secrets: { name: string; valueFrom: string }[];
}

describe("a preview environment on staging's network and database instance", () => {
  let staging: Graph;
  let graph: Graph;
  before(async () => {
    staging = await owning("staging", STAGING);
    // Of the two secrets of one name each is known by where it is.
    const { database } = staging.outputs as { database: object };
    staging.outputs.database = { ...database, secretRef: `aws-sm:${STAGINGS}-of-staging` };
    graph = await buildGraph(input(staging.outputs));
  });

  const { all } = finderIn(() => graph);
  const named = (type: string, name: string, of = graph) => {
    const found = all(type, of).find((one) => one.name === name);
    assert.ok(found, `${type} ${name}`);
    return found;
  };
  const containerOf = (job: string, of = graph): Container => {
    const { containerDefinitions } = named(DEFINITION, job, of).inputs;
    return (JSON.parse(String(containerDefinitions)) as [Container])[0];
  };
  const variablesOf = (job: string, of = graph) =>
    Object.fromEntries(containerOf(job, of).environment.map(({ name, value }) => [name, value]));

  it("has ids to start from, which staging exports and production does not", async () => {
    assert.deepEqual(checkOutputs(staging.outputs), []);
    assert.deepEqual(staging.outputs.shared, {
      region: "eu-central-1",
      vpcId: "network-id",
      publicSubnetIds: ["network-public-0-id", "network-public-1-id"],
      privateSubnetIds: ["network-private-0-id", "network-private-1-id"],
      leadsOut: false,
      closedGroupId: "network-closed-id",
      jobsGroupId: "jobs-id",
      databaseGroupId: "database-id",
    });
    const production = await owning("production");
    assert.equal(production.outputs.shared, null);
    assert.deepEqual(checkOutputs(production.outputs), []);
  });

  it("has no network, instance, endpoint, gateway, distribution or alarm of its own", () => {
    const types = new Set(graph.resources.map(({ type }) => type));
    for (const type of types)
      assert.doesNotMatch(
        type,
        /^aws:(rds|cloudfront|wafv2|sns)\/|^aws:ec2\/(vpc|subnet|routeTable|natGateway|eip|internetGateway|vpcEndpoint)|metricAlarm/i,
      );
    assert.ok(types.has(FUNCTION));
  });

  it("runs in staging's subnets, in groups of its own that staging's database lets in", () => {
    assert.deepEqual(
      all(GROUP).map(({ name, inputs }) => [name, inputs.vpcId]),
      [
        ["jobs", "network-id"],
        ["api", "network-id"],
        ["web", "network-id"],
      ],
    );
    assert.partialDeepStrictEqual(named(FUNCTION, "api").inputs, {
      vpcConfig: {
        subnetIds: ["network-private-0-id", "network-private-1-id"],
        securityGroupIds: ["api-id"],
      },
      replacementSecurityGroupIds: ["network-closed-id"],
    });
    const rules = all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").map(({ inputs }) => [
      inputs.securityGroupId,
      inputs.referencedSecurityGroupId,
      inputs.fromPort,
    ]);
    assert.deepEqual(rules.sort(), [
      ["database-id", "api-id", 5432],
      ["database-id", "jobs-id", 5432],
    ]);
  });

  it("makes its database by SQL, in the group that staging's database lets in already", () => {
    const { image, command, secrets } = containerOf("database-jobs-database-make");
    assert.equal(image, "public.ecr.aws/docker/library/postgres:16-alpine");
    assert.match(command.join("\n"), /^sh\n-c\n[^]*ON_ERROR_STOP=1/);
    const { NAME = "", SQL = "", ...access } = variablesOf("database-jobs-database-make");
    assert.match(NAME, /^pr-42-[0-9a-f]{8}$/);
    assert.match(SQL, /CREATE DATABASE/);
    assert.deepEqual(access, {
      PGHOST: "database.example.com",
      PGPORT: "5432",
      PGUSER: "app",
      PGDATABASE: "postgres",
      PGSSLMODE: "require",
    });
    assert.deepEqual(secrets, [
      { name: "ADMIN_URL", valueFrom: `${STAGINGS}-of-staging` },
      { name: "DATABASE_URL", valueFrom: STAGINGS },
    ]);
    assert.partialDeepStrictEqual(named(FUNCTION, "database-jobs").inputs.environment, {
      variables: {
        SECURITY_GROUP: "jobs-id",
        SUBNETS: "network-public-0-id,network-public-1-id",
        PUBLIC_ADDRESS: "ENABLED",
      },
    });
  });

  it("knows how to drop it before it makes it, and makes it before anything knows where its URL is", () => {
    const drop = named(INVOCATION, "database-drop");
    assert.partialDeepStrictEqual(drop.inputs, { lifecycleScope: "CRUD", terraformKey: "lifecycle" });
    assert.match(variablesOf("database-jobs-database-drop").SQL ?? "", /DROP DATABASE/);
    assert.deepEqual(
      containerOf("database-jobs-database-drop").secrets.map(({ name }) => name),
      ["ADMIN_URL"],
    );
    const make = named(INVOCATION, "database-make");
    assert.equal(make.inputs.lifecycleScope, undefined);
    assert.ok(make.dependencies.includes("database-drop"));
    for (const [type, name] of [
      [FUNCTION, "api"],
      [DEFINITION, "jobs-api-migration"],
    ] as const)
      assert.ok(named(type, name).dependencies.includes("database-make"), name);
    assert.ok(!named(FUNCTION, "web").dependencies.includes("database-make"));
  });

  it("starts nothing whose secret cannot be read yet, or whose way out is not there", () => {
    const waits = (type: string, name: string, on: string) =>
      named(type, name).dependencies.filter((other) => other === on).length;
    assert.equal(waits(DEFINITION, "database-jobs-database-make", "database-url"), 2, "secret and version");
    const from = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
    for (const client of ["api", "jobs"])
      assert.equal(waits(from, `database-from-${client}`, client), 2, "group and rule");
  });

  it("gives staging's secret to what makes the database alone, and its services one of their own", () => {
    const holding = graph.resources
      .filter(
        ({ type, inputs }) =>
          type !== "pulumi:pulumi:StackReference" && JSON.stringify(inputs).includes("-of-staging"),
      )
      .map(({ type, name }) => `${type.split(":").at(-1) ?? ""} ${name}`);
    assert.deepEqual(holding.sort(), [
      "RolePolicy database-jobs-start",
      "TaskDefinition database-jobs-database-drop",
      "TaskDefinition database-jobs-database-make",
    ]);
    const { secretString } = named("aws:secretsmanager/secretVersion:SecretVersion", "database-url").inputs;
    const name = variablesOf("database-jobs-database-make").NAME ?? "";
    assert.deepEqual(secretString, {
      secret: `postgresql://${name}:generated-for-database-password@database.example.com:5432/${name}?sslmode=require`,
    });
    for (const { type, inputs } of graph.resources)
      if (type !== "aws:secretsmanager/secretVersion:SecretVersion")
        assert.doesNotMatch(JSON.stringify(inputs), /generated-for-/, type);
  });

  it("has another database than an environment of another name or project, within what PostgreSQL takes", async () => {
    const long = "Pr-42.".repeat(16);
    const other = await buildGraph(input(staging.outputs, {}, long));
    const name = variablesOf("database-jobs-database-make", other).NAME ?? "";
    assert.equal(name.length, 63);
    assert.ok(name.startsWith(long.slice(0, 54)));
    const longer = await buildGraph(input(staging.outputs, {}, `${long}x`));
    assert.notEqual(variablesOf("database-jobs-database-make", longer).NAME, name);
  });

  it("exports what the contract says, its own database and nothing to share, and idles for less than a dollar", () => {
    assert.deepEqual(checkOutputs(graph.outputs), []);
    const { database, shared, cost, storage } = graph.outputs as {
      database: Record<string, unknown>;
      shared: unknown;
      cost: { monthlyUsd: number; unpriced: string[] };
      storage: unknown;
    };
    const name = variablesOf("database-jobs-database-make").NAME;
    assert.partialDeepStrictEqual(database, {
      name,
      user: name,
      host: "database.example.com",
      port: 5432,
      secretRef: `aws-sm:${STAGINGS}`,
    });
    assert.deepEqual(storage, { volumes: [{ name: "database", id: name }] });
    assert.equal(shared, null);
    // Two secrets, DATABASE_URL and SECRET_KEY; all else is paid by use.
    assert.equal(cost.monthlyUsd, 0.8);
    assert.ok(cost.unpriced.every((line) => line.includes("(by ")));
  });

  it("breaks no rule of the policy pack, as others do, names no action for everything, and says why for each statement", () => {
    const broken = brokenBy(graph.resources, "preview");
    assert.deepEqual(broken, []);
    for (const { name, inputs } of all("aws:iam/rolePolicy:RolePolicy"))
      for (const { Sid, Action } of statementsOf(inputs.policy)) {
        assert.match(Sid, /^[A-Z]\w{8,}$/, name);
        for (const action of [Action].flat()) assert.doesNotMatch(action, /\*/, name);
      }
    const [reads] = statementsOf(
      named("aws:iam/rolePolicy:RolePolicy", "database-jobs-start").inputs.policy,
    ).filter(({ Sid }) => Sid === "ReadTheirSecrets");
    assert.deepEqual([...new Set([reads?.Resource].flat())].sort(), [STAGINGS, `${STAGINGS}-of-staging`]);
  });

  it("asks a stack of another project, or organization, by its own name", async () => {
    for (const [stack, name] of [
      ["platform/base", "organization/platform/base"],
      ["myorg/platform/base", "myorg/platform/base"],
    ] as const) {
      const { error } = await buildFailing(input({}, { shared: { stack } }));
      assert.ok(error.message.startsWith(`shared.stack: ${name} exports nothing`), error.message);
    }
  });

  const NOTHING =
    "shared.stack: organization/tristack/staging exports nothing to share; needs a stack of the target aws that is up, is not production, and has a network and a database of its own";
  const refused: [what: string, outputs: () => Record<string, unknown>, message: string][] = [
    ["is not up", () => ({}), NOTHING],
    ["is older, or a machine", () => ({ database: staging.outputs.database }), NOTHING],
    ["is production, or shares itself", () => ({ ...staging.outputs, shared: null }), NOTHING],
    [
      "is in another region",
      () => ({ ...staging.outputs, shared: { ...(staging.outputs.shared as object), region: "us-east-1" } }),
      "shared.stack: organization/tristack/staging is in us-east-1; needs one in eu-central-1",
    ],
  ];
  for (const [what, outputs, message] of refused)
    it(`refuses a stack that ${what}, before it makes anything`, async () => {
      const { error, resources } = await buildFailing(input(outputs()));
      assert.equal(error.message, message);
      assert.deepEqual(
        resources.filter(({ type }) => /^aws:/.test(type)),
        [],
      );
    });
});
