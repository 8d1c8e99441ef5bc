/** Estimates against totals that were added up by hand from anchors/aws-ci.md, section 3. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { costOf } from "../../cli/commands/cost.ts";
import { type Estimate, estimate } from "../../components/shared/cost.ts";
import { goodAwsShared } from "../support/aws-settings.ts";
import { goodCluster } from "../support/cluster-settings.ts";
import { goodKubernetes } from "../support/kubernetes-settings.ts";

const resource = (type: string, inputs: Record<string, unknown> = {}) => ({ type, name: "it", inputs });
const instance = (instanceClass: string, multiAz: boolean, allocatedStorage: number) =>
  resource("aws:rds/instance:Instance", { instanceClass, multiAz, allocatedStorage });

describe("the estimate of a stack's cost", () => {
  const cases: [string, Parameters<typeof estimate>, number][] = [
    ["a database of one zone", [[instance("db.t4g.micro", false, 20)]], 11.68 + 20 * 0.115],
    ["one of two zones", [[instance("db.t4g.medium", true, 50)]], 2 * 47.45 + 50 * 0.23],
    [
      "a machine with its disk and address",
      [
        [
          resource("aws:ec2/instance:Instance", {
            instanceType: "t3.medium",
            rootBlockDevice: { volumeSize: 40 },
          }),
          resource("aws:ec2/eip:Eip"),
        ],
      ],
      30.37 + 40 * 0.08 + 3.65,
    ],
    [
      "two NAT gateways, keys, secrets and alarms",
      [
        [
          ...Array.from({ length: 2 }, () => resource("aws:ec2/natGateway:NatGateway")),
          resource("aws:kms/key:Key"),
          ...Array.from({ length: 5 }, () => resource("aws:secretsmanager/secret:Secret")),
          ...Array.from({ length: 20 }, () => resource("aws:cloudwatch/metricAlarm:MetricAlarm")),
        ],
      ],
      2 * 32.85 + 1 + 5 * 0.4 + 20 * 0.1,
    ],
    [
      "a cluster and its nodes",
      [[resource("aws:eks/cluster:Cluster")], { nodes: { instanceType: "m7g.large", count: 3 } }],
      73 + 3 * 59.57 * 1.12,
    ],
    ["a control plane alone", [[resource("aws:eks/cluster:Cluster")]], 73],
  ];
  for (const [name, args, total] of cases)
    it(`is within 1 % of the hand's for ${name}`, () => {
      const { monthlyUsd, unpriced } = estimate(...args);
      assert.ok(Math.abs((monthlyUsd ?? 0) - total) <= total / 100, `${monthlyUsd}, by hand ${total}`);
      assert.deepEqual(unpriced, []);
    });

  it("names what has no price, and never counts it as 0", () => {
    assert.deepEqual(estimate([resource("aws:mq/broker:Broker")]), {
      monthlyUsd: null,
      lines: [],
      unpriced: ["it (no price for aws:mq/broker:Broker)"],
    });
    const { monthlyUsd, unpriced } = estimate([
      resource("aws:kms/key:Key"),
      instance("db.x9.huge", false, 20),
      resource("aws:ec2/vpcEndpoint:VpcEndpoint", { vpcEndpointType: "Interface" }),
    ]);
    assert.equal(monthlyUsd, 3.3);
    assert.deepEqual(unpriced, [
      "it (no price for db.x9.huge)",
      "it (no price for aws:ec2/vpcEndpoint:VpcEndpoint)",
    ]);
  });

  it("names what is paid at Vercel once for each project, and what it does not know", () => {
    const { monthlyUsd, unpriced } = estimate(
      ["project:Project", "projectDomain:ProjectDomain", "blobStore:BlobStore"].map((type) =>
        resource(`vercel:index/${type}`),
      ),
    );
    assert.equal(monthlyUsd, null);
    assert.deepEqual(unpriced, [
      "it (paid at Vercel, by members and use)",
      "it (no price for vercel:index/blobStore:BlobStore)",
    ]);
  });

  it("counts as free what is, and what is part of a machine or cluster", () => {
    const free = [
      "docker:index/container:Container",
      "kubernetes:apps/v1:Deployment",
      "aws:iam/role:Role",
      "aws:ec2/vpc:Vpc",
      "random:index/randomPassword:RandomPassword",
    ];
    assert.deepEqual(estimate(free.map((type) => resource(type))), {
      monthlyUsd: null,
      lines: [],
      unpriced: [],
    });
  });

  it("says of each price where it is from, and when it was read", () => {
    const { lines } = estimate([resource("aws:kms/key:Key")]);
    assert.match(lines[0]?.source ?? "", /\w, 2026-\d\d-\d\d$/);
  });
});

describe("tristack cost", () => {
  const root = mkdtempSync(join(tmpdir(), "tristack-cost-"));
  after(() => rmSync(root, { recursive: true }));

  function cost(stack: string, settings: Record<string, unknown>): Promise<Estimate> {
    const config = Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [`tristack:${key}`, value]),
    );
    writeFileSync(join(root, `Pulumi.${stack}.yaml`), stringify({ config }));
    return costOf({ root, name: "tristack" }, stack);
  }

  it("counts a cluster and its nodes without credentials, and names what it leaves out", async () => {
    const { monthlyUsd, lines, unpriced } = await cost("cluster", goodCluster());
    assert.equal(monthlyUsd, 311.83);
    assert.deepEqual(
      lines.filter(({ resource }) => resource === "cluster").map(({ what }) => what),
      ["control plane", "2 nodes, m7i.large", "Auto Mode on 2 nodes, m7i.large"],
    );
    assert.deepEqual(unpriced, [
      "network-flows (by the amount of logs)",
      "cluster-logs (by the amount of logs)",
    ]);
  });

  it("says of an application that its cluster is paid for elsewhere", async () => {
    const settings = {
      ...goodKubernetes(),
      secrets: { SECRET_KEY: { secure: "v1:abc" } },
      release: undefined,
    };
    assert.deepEqual(await cost("shop", settings), { monthlyUsd: null, lines: [], unpriced: ["cluster"] });
  });

  it("asks nobody for a preview environment's network and database instance, and names whose they are", async () => {
    const secrets = { SECRET_KEY: { secure: "v1:abc" } };
    const { monthlyUsd, lines, unpriced } = await cost("pr-42", {
      ...goodAwsShared(),
      region: "us-east-1",
      services: {
        api: {
          image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/api",
          port: 8000,
          routes: ["/"],
          uses: ["database"],
          secrets: ["SECRET_KEY"],
        },
      },
      secrets,
    });
    assert.equal(monthlyUsd, 0.8);
    assert.deepEqual(
      lines.map(({ resource, what }) => [resource, what]),
      [
        ["database-url", "secret"],
        ["secret-secret-key", "secret"],
      ],
    );
    assert.equal(unpriced.at(-1), "network and database instance of staging");
    assert.ok(
      unpriced.every((line) => !line.includes("no price")),
      unpriced.join(", "),
    );
  });

  it("refuses settings that are wrong", async () => {
    await assert.rejects(cost("cluster", { ...goodCluster(), cluster: {} }), /cluster\.region is missing/);
  });
});
