/** The resource graph of an application at AWS. */
import assert from "node:assert/strict";
import { checkOutputs } from "../../components/outputs.ts";
import type { Kind } from "../../policy/rule.ts";
import { goodAws } from "../support/aws-settings.ts";
import { type Graph, buildGraph, finderIn } from "../support/graph.ts";
import { statementsOf } from "../support/iam-statements.ts";
import { brokenBy } from "../support/policy-resources.ts";
import { type Config, changed } from "../support/settings.ts";

const build = (change: Config = {}) =>
  buildGraph({ stack: "shop", config: { ...goodAws(), ...change }, secretKeys: ["secrets"] });
const STAGING = { environment: { kind: "staging" }, database: { standby: false } };
const PREVIEW = { environment: { kind: "preview", expiresAt: "2026-12-24T00:00:00Z" }, alarms: {} };

const FUNCTION = "aws:lambda/function:Function";
const INVOCATION = "aws:lambda/invocation:Invocation";
const ALIAS = "aws:lambda/alias:Alias";
const CDN = "aws:cloudfront/distribution:Distribution";
const ROUTE = "aws:apigatewayv2/route:Route";

describe("an application at AWS", () => {
  let graph: Graph;
  before(async () => (graph = await build()));

  const { all, only } = finderIn(() => graph);
  const named = (type: string, name: string, of = graph) => {
    const found = all(type, of).find((one) => one.name === name);
    assert.ok(found, `${type} ${name}`);
    return found;
  };

  for (const [kind, change] of [
    ["production", {}],
    ["staging", STAGING],
    ["preview", PREVIEW],
  ] as const)
    it(`breaks no rule of the policy pack in ${kind}`, async () => {
      const { resources } = await build(change);
      assert.deepEqual(brokenBy(resources, kind as Kind), []);
    });

  it("runs each service in its image, in the network, and publishes a version that its alias leads to", () => {
    assert.partialDeepStrictEqual(named(FUNCTION, "api").inputs, {
      packageType: "Image",
      imageUri: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/api:v1",
      imageConfig: { commands: ["python", "-m", "awslambdaric", "app.lambda_handler.handler"] },
      publish: true,
      architectures: ["arm64"],
      memorySize: 1024,
      timeout: 29,
      vpcConfig: {
        subnetIds: ["network-private-0-id", "network-private-1-id"],
        securityGroupIds: ["api-id"],
      },
      replacementSecurityGroupIds: ["network-closed-id"],
    });
    // The Lambda Web Adapter asks there.
    assert.partialDeepStrictEqual(named(FUNCTION, "web").inputs.environment, {
      variables: { RELEASE: "v1", AWS_LWA_PORT: "3000", AWS_LWA_READINESS_CHECK_PATH: "/api/health" },
    });
    for (const service of ["api", "web"]) assert.equal(named(ALIAS, service).inputs.name, "live");
  });

  it("hands secrets over by where they are, to those alone who ask for them", () => {
    const { variables } = named(FUNCTION, "api").inputs.environment as {
      variables: Record<string, string>;
    };
    assert.match(String(variables.DATABASE_URL_ARN), /^arn:aws:secretsmanager:.*:secret\/database-url$/);
    assert.match(String(variables.SECRET_KEY_ARN), /^arn:aws:secretsmanager:.*:secret\/secret-secret-key$/);
    assert.doesNotMatch(JSON.stringify(named(FUNCTION, "web").inputs), /secretsmanager/);
    const text = JSON.stringify(graph.outputs);
    for (const secret of ["a-secret-that-is-long-enough", "generated-for", "T0/B0/marker"])
      assert.ok(!text.includes(secret));
    for (const { type, inputs } of graph.resources)
      if (type !== "aws:secretsmanager/secretVersion:SecretVersion")
        assert.ok(!JSON.stringify(inputs).includes("a-secret-that-is-long-enough"), type);
  });

  it("lets those alone to the database who use it", () => {
    const clients = all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
      .filter(({ inputs }) => inputs.fromPort === 5432)
      .map(({ inputs }) => [inputs.description, inputs.referencedSecurityGroupId]);
    assert.deepEqual(clients.sort(), [
      ["api", "api-id"],
      ["jobs", "jobs-id"],
    ]);
  });

  it("runs the migration of the release before requests go to it, and starts it by its revision", () => {
    const { inputs, dependencies } = named(INVOCATION, "api-migration");
    assert.deepEqual(JSON.parse(String(inputs.input)), {
      taskDefinition: "arn:aws:ecs:eu-central-1:123456789012:taskDefinition/jobs-api-migration",
      container: "api-migration",
    });
    assert.ok(dependencies.includes("database"), "the database is there by then");
    assert.ok(named(INVOCATION, "api-health").dependencies.includes("api-migration"));
    const { containerDefinitions } = only("aws:ecs/taskDefinition:TaskDefinition").inputs;
    const [container] = JSON.parse(String(containerDefinitions)) as [Record<string, unknown>];
    assert.partialDeepStrictEqual(container, {
      image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/api:v1",
      command: ["python", "-m", "alembic", "upgrade", "head"],
      readonlyRootFilesystem: true,
    });
    assert.deepEqual(
      (container.secrets as { name: string }[]).map(({ name }) => name),
      ["DATABASE_URL", "SECRET_KEY"],
    );
  });

  it("asks each new version for its health, and lets no request go to it before it has answered", () => {
    const { inputs } = named(INVOCATION, "web-health");
    assert.partialDeepStrictEqual(JSON.parse(String(inputs.input)), {
      path: "/api/health",
      host: "shop.example.com",
      seconds: 20,
    });
    for (const service of ["api", "web"])
      assert.ok(named(ALIAS, service).dependencies.includes(`${service}-health`));
    const asking = all("aws:iam/rolePolicy:RolePolicy").find(({ name }) => name === "health-gate");
    const [, ask] = statementsOf(asking?.inputs.policy);
    assert.deepEqual(ask, {
      Sid: "AskTheServicesForTheirHealth",
      Effect: "Allow",
      Action: ["lambda:InvokeFunction"],
      Resource: ["api", "web"].map(
        (service) => `arn:aws:lambda:eu-central-1:123456789012:function:${service}:*`,
      ),
    });
  });

  it("keeps its records in a bucket that the outputs name", () => {
    assert.equal(graph.outputs.statusRef, "s3:records-id");
    assert.partialDeepStrictEqual(graph.outputs.delivery, { strategy: "canary" });
  });

  it("leaves the alias alone while a deploy moves it, and only then", async () => {
    assert.deepEqual(named(ALIAS, "api").ignoreChanges, []);
    const { services } = goodAws() as { services: object };
    const settings = { services, proxy: {} };
    const release = { version: "v2", previous: { id: "v1-0badcafe", version: "v1", settings } };
    const moving = await build({ release });
    assert.deepEqual(named(ALIAS, "api", moving).ignoreChanges, ["functionVersion", "routingConfig"]);
  });

  it("routes each prefix, and what is below it, to its service, for the distribution alone", () => {
    const keys = all(ROUTE).map(({ inputs }) => [inputs.routeKey, inputs.target]);
    assert.deepEqual(Object.fromEntries(keys), {
      $default: "integrations/web-id",
      "ANY /api": "integrations/api-id",
      "ANY /api/{proxy+}": "integrations/api-id",
      "ANY /api/web": "integrations/web-id",
      "ANY /api/web/{proxy+}": "integrations/web-id",
      "ANY /health": "integrations/api-id",
      "ANY /health/{proxy+}": "integrations/api-id",
    });
    for (const { inputs } of all(ROUTE)) assert.equal(inputs.authorizationType, "CUSTOM");
    const { origins } = only(CDN).inputs as { origins: { customHeaders?: unknown }[] };
    assert.deepEqual(origins[0]?.customHeaders, [
      { name: "x-origin-key", value: { secret: "generated-for-origin-key" } },
    ]);
    const { variables } = named(FUNCTION, "origin-key").inputs.environment as {
      variables: Record<string, string>;
    };
    assert.match(String(variables.KEY_DIGEST), /^[0-9a-f]{64}$/);
  });

  it("keeps hashed files for long, pages as they say, and nothing of an API", () => {
    const { defaultCacheBehavior, orderedCacheBehaviors } = only(CDN).inputs as {
      defaultCacheBehavior: Record<string, unknown>;
      orderedCacheBehaviors: Record<string, unknown>[];
    };
    assert.equal(defaultCacheBehavior.cachePolicyId, "cdn-id");
    const kept = orderedCacheBehaviors.map(({ pathPattern, cachePolicyId, targetOriginId }) => [
      pathPattern,
      cachePolicyId,
      targetOriginId,
    ]);
    const DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
    assert.deepEqual(kept, [
      ["/_next/static/*", "658327ea-f89d-4fab-a63d-7e88639e58f6", "assets-or-api"],
      ...["/api", "/health", "/api/web"].flatMap((path) => [
        [path, DISABLED, "api"],
        [`${path}/*`, DISABLED, "api"],
      ]),
    ]);
    assert.partialDeepStrictEqual(only("aws:cloudfront/cachePolicy:CachePolicy").inputs, {
      defaultTtl: 0,
      parametersInCacheKeyAndForwardedToOrigin: { cookiesConfig: { cookieBehavior: "all" } },
    });
  });

  it("has CloudFront's certificate and firewall where CloudFront looks for them", () => {
    for (const type of ["aws:acm/certificate:Certificate", "aws:wafv2/webAcl:WebAcl"])
      assert.equal(only(type).inputs.region, "us-east-1");
    assert.partialDeepStrictEqual(only(CDN).inputs, {
      aliases: ["shop.example.com"],
      httpVersion: "http2and3",
      viewerCertificate: { minimumProtocolVersion: "TLSv1.2_2021" },
    });
  });

  it("has neither distribution nor standby nor alarms in a preview environment, but a name of its own", async () => {
    const preview = await build(PREVIEW);
    for (const type of [CDN, "aws:wafv2/webAcl:WebAcl", "aws:cloudwatch/metricAlarm:MetricAlarm"])
      assert.deepEqual(all(type, preview), [], type);
    assert.equal(only("aws:rds/instance:Instance", preview).inputs.multiAz, false);
    assert.equal(only("aws:acm/certificate:Certificate", preview).inputs.region, "eu-central-1");
    assert.equal(
      only("aws:apigatewayv2/domainName:DomainName", preview).inputs.domainName,
      "shop.example.com",
    );
    for (const { inputs } of all(ROUTE, preview)) assert.equal(inputs.authorizationType, undefined);
  });

  it("has alarms in a preview environment where somebody is to be told", async () => {
    const preview = await build({ ...PREVIEW, alarms: { emails: ["dev@example.com"] } });
    assert.ok(all("aws:cloudwatch/metricAlarm:MetricAlarm", preview).length > 3);
  });

  it("alarms at errors, slowness, refused requests, and a database that is nearly full", () => {
    const alarms = Object.fromEntries(
      all("aws:cloudwatch/metricAlarm:MetricAlarm").map(({ name, inputs }) => [name, inputs]),
    );
    assert.deepEqual(Object.keys(alarms).sort(), [
      "alarm-api-throttled",
      "alarm-database-connections",
      "alarm-database-cpu",
      "alarm-database-storage",
      "alarm-errors",
      "alarm-slow",
      "alarm-web-throttled",
    ]);
    for (const inputs of Object.values(alarms)) {
      assert.deepEqual(inputs.alarmActions, ["arn:aws:sns:eu-central-1:123456789012:topic/alarms"]);
      assert.deepEqual(inputs.okActions, inputs.alarmActions);
    }
    // 2 GiB, a connection for each 9531392 bytes, four fifths of them.
    assert.equal(alarms["alarm-database-connections"]?.threshold, 180);
    assert.equal(alarms["alarm-database-storage"]?.threshold, 5 * 2 ** 30);
    const told = all("aws:sns/topicSubscription:TopicSubscription").map(({ inputs }) => inputs.protocol);
    assert.deepEqual(told.sort(), ["email", "lambda"]);
  });

  it("names no action for everything, says why for each statement, and bounds every role where that is asked for", async () => {
    const boundary = "arn:aws:iam::123456789012:policy/tristack/boundary";
    const bounded = await build({ permissionsBoundary: boundary });
    const roles = all("aws:iam/role:Role", bounded);
    assert.ok(roles.length >= 5);
    for (const { inputs } of roles) {
      assert.equal(inputs.permissionsBoundary, boundary);
      assert.equal(inputs.path, "/tristack/");
    }
    for (const { name, inputs } of all("aws:iam/rolePolicy:RolePolicy"))
      for (const { Sid, Action } of statementsOf(inputs.policy)) {
        assert.match(Sid, /^[A-Z]\w{8,}$/, name);
        for (const action of [Action].flat()) assert.doesNotMatch(action, /\*/, name);
      }
  });

  it("has no statement about nothing, which AWS would refuse: without migrations and secrets neither", async () => {
    const { web } = goodAws().services as Record<string, object>;
    const bare = changed({ ...goodAws(), ...PREVIEW, services: { web } }, ["secrets"], undefined);
    const small = await buildGraph({ stack: "shop", config: bare });
    for (const seen of [graph, small])
      for (const { name, inputs } of all("aws:iam/rolePolicy:RolePolicy", seen)) {
        const statements = statementsOf(inputs.policy);
        assert.ok(statements.length > 0, name);
        for (const { Sid, Resource } of statements) assert.notDeepEqual(Resource, [], `${name} ${Sid}`);
      }
  });

  it("reaches Secrets Manager without a way out, and by it where there is one", async () => {
    const endpoints = (of: Graph) => all("aws:ec2/vpcEndpoint:VpcEndpoint", of).map(({ name }) => name);
    assert.deepEqual(endpoints(graph), ["network-s3", "network-secretsmanager"]);
    const open = await build({ network: { nat: "one" } });
    assert.deepEqual(endpoints(open), ["network-s3"]);
    assert.equal(all("aws:ec2/natGateway:NatGateway", open).length, 1);
    const runner = (of: Graph) => named(FUNCTION, "jobs", of).inputs.environment as { variables: object };
    assert.partialDeepStrictEqual(runner(graph).variables, { PUBLIC_ADDRESS: "ENABLED" });
    assert.partialDeepStrictEqual(runner(open).variables, { PUBLIC_ADDRESS: "DISABLED" });
  });

  it("exports what the contract says, and costs what the hand says", async () => {
    assert.deepEqual(checkOutputs(graph.outputs), []);
    const { cost, urls } = graph.outputs as {
      cost: { monthlyUsd: number; unpriced: string[] };
      urls: unknown;
    };
    assert.deepEqual(urls, {
      web: "https://shop.example.com",
      api: "https://shop.example.com/api",
      health: "https://shop.example.com/health",
    });
    // db.t4g.small and 50 GiB in two zones: 46.72 + 11.50; endpoint in two: 14.60; three secrets: 1.20;
    // seven alarms: 0.70; web ACL of three rules: 8.
    assert.equal(cost.monthlyUsd, 82.72);
    assert.ok(
      cost.unpriced.every((line) => !line.includes("no price")),
      cost.unpriced.join(", "),
    );
    // db.t4g.micro and 20 GiB in one zone: 11.68 + 2.30; endpoint: 14.60; two secrets: 0.80.
    const preview = await build({ ...PREVIEW, database: {} });
    assert.equal((preview.outputs.cost as { monthlyUsd: number }).monthlyUsd, 29.38);
  });
});
