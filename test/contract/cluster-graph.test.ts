/** The resource graph of a cluster alone: EKS Auto Mode. That AWS takes it is not tested: there is none here. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { checkOutputs } from "../../components/outputs.ts";
import { goodCluster } from "../support/cluster-settings.ts";
import { type Graph, buildGraph, finderIn } from "../support/graph.ts";
import type { Config } from "../support/settings.ts";

const build = (change: Config = {}) =>
  buildGraph({ stack: "cluster", config: { ...goodCluster(), ...change } });

describe("a cluster alone", () => {
  let graph: Graph;
  before(async () => (graph = await build()));

  const { all, only } = finderIn(() => graph);
  const eks = (of = graph) => only("aws:eks/cluster:Cluster", of).inputs;

  it("is of Auto Mode, with its own network, and without add-ons that nobody looks after", () => {
    assert.partialDeepStrictEqual(eks(), {
      name: "tristack-cluster",
      computeConfig: { enabled: true },
      kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
      storageConfig: { blockStorage: { enabled: true } },
      bootstrapSelfManagedAddons: false,
      vpcConfig: { subnetIds: ["network-private-0-id", "network-private-1-id"] },
    });
  });

  it("has an API for the given networks alone, encrypted secrets, an audit log, and no dear support", () => {
    assert.partialDeepStrictEqual(eks(), {
      vpcConfig: { endpointPrivateAccess: true, publicAccessCidrs: ["198.51.100.7/32"] },
      encryptionConfig: { resources: ["secrets"] },
      upgradePolicy: { supportType: "STANDARD" },
      accessConfig: { authenticationMode: "API" },
    });
    assert.ok((eks().enabledClusterLogTypes as string[]).includes("audit"));
    assert.equal(only("aws:kms/key:Key").inputs.enableKeyRotation, true);
    const groups = all("aws:cloudwatch/logGroup:LogGroup").map(({ inputs }) => inputs.retentionInDays);
    assert.deepEqual(groups, [365, 365]);
  });

  it("gives its administrators the whole of it, and nobody else", () => {
    const { inputs } = only("aws:eks/accessPolicyAssociation:AccessPolicyAssociation");
    assert.equal(inputs.principalArn, "arn:aws:iam::123456789012:role/ci/deploy");
  });

  it("puts nodes where nothing reaches them, with a way out in each zone, and one for all where that is asked for", async () => {
    assert.equal(all("aws:ec2/natGateway:NatGateway").length, 2);
    for (const { inputs } of all("aws:ec2/subnet:Subnet")) assert.equal(inputs.mapPublicIpOnLaunch, false);
    const routes = all("aws:ec2/routeTable:RouteTable").map(({ name, inputs }) => [name, inputs.routes]);
    assert.deepEqual(Object.fromEntries(routes), {
      "network-public": [{ cidrBlock: "0.0.0.0/0", gatewayId: "network-gateway-id" }],
      "network-private-0": [{ cidrBlock: "0.0.0.0/0", natGatewayId: "network-nat-0-id" }],
      "network-private-1": [{ cidrBlock: "0.0.0.0/0", natGatewayId: "network-nat-1-id" }],
      "network-data": [],
    });
    const { cluster } = goodCluster() as { cluster: object };
    const cheap = await build({
      environment: { kind: "staging" },
      cluster: { ...cluster, nat: "one", zones: 3 },
    });
    assert.equal(all("aws:ec2/natGateway:NatGateway", cheap).length, 1);
    const ways = all("aws:ec2/routeTable:RouteTable", cheap).flatMap(({ inputs }) =>
      (inputs.routes as { natGatewayId?: string }[]).flatMap(({ natGatewayId }) => natGatewayId ?? []),
    );
    assert.deepEqual(ways, Array(3).fill("network-nat-0-id"));
  });

  it("has subnets of its network that do not overlap, in different zones", () => {
    const subnets = all("aws:ec2/subnet:Subnet").map(({ inputs }) => inputs);
    const ranges = subnets.map(({ cidrBlock }) => rangeOf(String(cidrBlock))).sort(([a], [b]) => a - b);
    const [first, last] = rangeOf(String(only("aws:ec2/vpc:Vpc").inputs.cidrBlock));
    ranges.forEach(([from, to], index) => {
      assert.ok(from >= first && to <= last);
      assert.ok(from > (ranges[index - 1]?.[1] ?? -1), "overlaps the one before");
    });
    assert.deepEqual(new Set(subnets.map(({ availabilityZone }) => availabilityZone)).size, 2);
    for (const { ignoreChanges } of all("aws:ec2/subnet:Subnet"))
      assert.deepEqual(ignoreChanges, ["availabilityZone"], "a new zone of AWS moves nothing");
  });

  it("enforces NetworkPolicies before a node is there, and bounds what nodes may cost", () => {
    const enforced = only("kubernetes:core/v1:ConfigMap").inputs;
    assert.deepEqual(enforced.data, { "enable-network-policy-controller": "true" });
    const pool = only("kubernetes:karpenter.sh/v1:NodePool").inputs.spec as {
      limits: unknown;
      template: { spec: { requirements: { key: string; values: string[] }[] } };
    };
    assert.deepEqual(pool.limits, { cpu: "16" });
    assert.deepEqual(
      pool.template.spec.requirements.map(({ values }) => values),
      [["m7i.large", "m6i.large"], ["on-demand"]],
    );
    assert.partialDeepStrictEqual(only("kubernetes:storage.k8s.io/v1:StorageClass").inputs, {
      provisioner: "ebs.csi.eks.amazonaws.com",
      parameters: { encrypted: "true" },
      volumeBindingMode: "WaitForFirstConsumer",
    });
  });

  it("is kept in staging and production, here and at AWS", async () => {
    const kept = ["aws:eks/cluster:Cluster", "aws:ec2/vpc:Vpc", "aws:kms/key:Key"];
    for (const type of kept) assert.equal(only(type).protect, true, type);
    assert.equal(eks().deletionProtection, true);
    const preview = await build({ environment: { kind: "preview", expiresAt: "2026-12-24T00:00:00Z" } });
    for (const type of kept) assert.equal(only(type, preview).protect, false, type);
    assert.equal(eks(preview).deletionProtection, false);
  });

  it("names no action for everything, and says why for each statement", () => {
    const documents = graph.resources.flatMap(({ inputs }) =>
      [inputs.assumeRolePolicy, inputs.policy].filter((text) => typeof text === "string"),
    );
    assert.equal(documents.length, 4);
    for (const text of documents)
      for (const { Sid, Action, Resource } of (JSON.parse(text) as { Statement: Statement[] }).Statement) {
        assert.match(Sid, /^[A-Z]\w{9,}$/);
        for (const action of [Action].flat()) assert.doesNotMatch(action, /\*/);
        assert.notEqual(Resource, "*");
      }
  });

  it("exports a kubeconfig without credentials, its cost, and what its contract says", () => {
    assert.deepEqual(checkOutputs(graph.outputs), []);
    const kubeconfig = parse(String(graph.outputs.kubeconfig)) as {
      users: { user: { exec: { args: string[] } } }[];
      clusters: { cluster: { server: string } }[];
    };
    assert.deepEqual(
      kubeconfig.users.map(({ user }) => Object.keys(user)),
      [["exec"]],
    );
    assert.equal(kubeconfig.clusters[0]?.cluster.server, "https://cluster.example.com");
    assert.deepEqual(kubeconfig.users[0]?.user.exec.args.slice(0, 4), [
      "eks",
      "get-token",
      "--cluster-name",
      "tristack-cluster",
    ]);
    // 73 + 2 x 73.584 x 1.12 + 2 x (32.85 + 3.65) + 1, by hand.
    assert.deepEqual(graph.outputs.cost, {
      monthlyUsd: 311.83,
      unpriced: ["network-flows (by the amount of logs)", "cluster-logs (by the amount of logs)"],
    });
  });
});

interface Statement {
  readonly Sid: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
}

function rangeOf(cidr: string): [number, number] {
  const [address = "", bits = ""] = cidr.split("/");
  const first = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return [first, first + 2 ** (32 - Number(bits)) - 1];
}
