/** The resource graph of a machine alone. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { architectureOf } from "../../components/shared/instance-types.ts";
import { checkOutputs } from "../../components/outputs.ts";
import { type Graph, buildGraph, finderIn } from "../support/graph.ts";
import { PUBLIC_KEY, goodHost } from "../support/host-settings.ts";
import type { Config } from "../support/settings.ts";

const build = (change: Config = {}) => buildGraph({ stack: "box", config: { ...goodHost(), ...change } });

describe("a machine alone", () => {
  let graph: Graph;
  before(async () => (graph = await build()));

  const { all, only } = finderIn(() => graph);

  it("is one machine, and nothing of Docker", () => {
    only("aws:ec2/instance:Instance");
    assert.deepEqual(
      graph.resources.filter(({ type }) => type.startsWith("docker:") || type.includes("providers:docker")),
      [],
    );
  });

  it("lets ssh in from the given networks, the proxy's ports and the settings' from everywhere, and nothing else", () => {
    const rules = all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").map(({ inputs }) => {
      assert.equal(inputs.ipProtocol, "tcp");
      assert.equal(inputs.fromPort, inputs.toPort);
      return `${String(inputs.fromPort)} ${String(inputs.cidrIpv4)}`;
    });
    assert.deepEqual(rules.sort(), [
      "22 192.0.2.0/24",
      "22 198.51.100.7/32",
      "443 0.0.0.0/0",
      "51820 0.0.0.0/0",
      "80 0.0.0.0/0",
    ]);
    const { inputs } = only("aws:ec2/securityGroup:SecurityGroup");
    assert.equal(inputs.ingress ?? inputs.egress, undefined, "rules are resources of their own");
    const closed = only("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs;
    assert.equal(closed.ingress ?? closed.egress, undefined, "the default group lets nothing through");
  });

  it("has an encrypted disk, no metadata for containers, and no public address but the one that stays", () => {
    const { inputs } = only("aws:ec2/instance:Instance");
    assert.partialDeepStrictEqual(inputs.rootBlockDevice, {
      encrypted: true,
      volumeType: "gp3",
      volumeSize: 40,
    });
    assert.deepEqual(inputs.metadataOptions, {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
    });
    assert.equal(inputs.associatePublicIpAddress, undefined);
    assert.equal(only("aws:ec2/subnet:Subnet").inputs.mapPublicIpOnLaunch, undefined);
    assert.equal(only("aws:ec2/eip:Eip").inputs.instance, "machine-id");
  });

  it("is prepared by the script of `tristack host prepare`, which fits into what EC2 takes", () => {
    const text = String(only("aws:ec2/instance:Instance").inputs.userData);
    assert.ok(Buffer.byteLength(text) <= 16_384);
    const { runcmd, ssh_authorized_keys } = parse(text) as Record<string, unknown>;
    assert.deepEqual(runcmd, [["sh", "/var/lib/tristack/prepare-host"]]);
    assert.deepEqual(ssh_authorized_keys, [PUBLIC_KEY]);
  });

  it("is not replaced by Debian's next image, nor restarted by our next script", () => {
    assert.deepEqual(only("aws:ec2/instance:Instance").ignoreChanges.sort(), ["ami", "userData"]);
  });

  it("is kept in staging and production, with its address, its disk and its network; a rule can be taken out", async () => {
    const kept = [
      "aws:ec2/instance:Instance",
      "aws:ec2/eip:Eip",
      "aws:ec2/vpc:Vpc",
      "aws:ec2/subnet:Subnet",
      "aws:ec2/internetGateway:InternetGateway",
      "aws:ec2/routeTable:RouteTable",
      "aws:ec2/routeTableAssociation:RouteTableAssociation",
      "aws:ec2/securityGroup:SecurityGroup",
    ];
    for (const type of kept) assert.equal(only(type).protect, true, type);
    for (const rule of all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"))
      assert.equal(rule.protect, false, rule.name);
    const { inputs } = only("aws:ec2/instance:Instance");
    assert.equal(inputs.disableApiTermination, true);
    assert.partialDeepStrictEqual(inputs.rootBlockDevice, { deleteOnTermination: false });

    const local = await build({ environment: { kind: "local" } });
    for (const type of kept) assert.equal(only(type, local).protect, false, type);
    const machine = only("aws:ec2/instance:Instance", local).inputs;
    assert.equal(machine.disableApiTermination, false);
    assert.partialDeepStrictEqual(machine.rootBlockDevice, { deleteOnTermination: true });
  });

  it("has its names in Route 53, and none without `dns`", async () => {
    const names = all("aws:route53/record:Record").map(({ inputs }) => {
      assert.deepEqual([inputs.type, inputs.records], ["A", ["203.0.113.10"]]);
      return inputs.name;
    });
    assert.deepEqual(names, ["shop.example.com", "*.preview.example.com"]);
    assert.deepEqual(all("aws:route53/record:Record", await build({ dns: undefined })), []);
  });

  it("carries project and stack on everything", () => {
    const { inputs } = only("pulumi:providers:aws");
    assert.deepEqual(JSON.parse(String(inputs.defaultTags)), {
      tags: { "dev.tristack.project": "tristack", "dev.tristack.stack": "box" },
    });
  });

  it("exports what its contract says", () => {
    assert.deepEqual(checkOutputs(graph.outputs), []);
    assert.partialDeepStrictEqual(graph.outputs, {
      target: "host",
      protected: true,
      host: { docker: "ssh://deploy@203.0.113.10", architecture: "amd64", region: "eu-central-1" },
    });
    assert.notDeepEqual(checkOutputs({ ...graph.outputs, more: 1 }), []);
  });

  it("gets Debian for its processor", () => {
    const arm = ["t4g.small", "c7gn.large", "m6gd.medium", "im4gn.large", "a1.large", "r8g.4xlarge"];
    const intel = ["t3.medium", "g4dn.xlarge", "m7i.large", "t3a.small", "p4d.24xlarge", "g6.xlarge"];
    for (const type of arm) assert.equal(architectureOf(type), "arm64", type);
    for (const type of intel) assert.equal(architectureOf(type), "amd64", type);
  });
});
