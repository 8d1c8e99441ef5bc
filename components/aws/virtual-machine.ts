/** A machine of EC2 for stacks to run on, in a network of its own, with an address that stays. */
import * as pulumi from "@pulumi/pulumi";
import { cloudInit } from "../docker/host/cloud-init.ts";
import type { MachineSettings } from "../settings/machine.ts";
import { keepFlowLog } from "./flow-log.ts";
import { architectureOf } from "../shared/instance-types.ts";
import { mebibytes } from "../shared/units.ts";
import * as aws from "./sdk.ts";

export interface VirtualMachineArgs {
  /** Its settings. What of them replaces it, each says itself. */
  settings: MachineSettings;
  /** TCP ports that everybody may reach, besides those of `settings.prepare.ports`. Changing it replaces nothing. */
  ports: readonly number[];
  /**
   * Whether machine, address and network refuse to be deleted, and the disk outlives the machine. Of the network each part by
   * itself: an engine that is told to skip its preview deletes what it may before it comes to what it may not.
   */
  protect: boolean;
  /** Days that the record of who spoke with whom is kept. Left out, there is none. */
  flowLogDays?: number;
}

/** Debian's account: https://wiki.debian.org/Cloud/AmazonEC2Image/Bookworm */
const DEBIAN = "136693071363";
/** What AWS calls the processors that Debian calls so. */
const NAME_AT_AWS = { amd64: "x86_64", arm64: "arm64" } as const;
const NETWORK = "10.64.0.0/24";
const EVERYBODY = "0.0.0.0/0";

export class VirtualMachine extends pulumi.ComponentResource {
  /** Public IPv4 address; the same after the machine was replaced. */
  readonly address: pulumi.Output<string>;
  readonly instanceId: pulumi.Output<string>;

  constructor(name: string, args: VirtualMachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:VirtualMachine", name, {}, opts);
    const { settings, protect } = args;
    const { user, prepare } = settings;

    const keep = { parent: this, protect };
    const { subnet, vpc } = this.#network(name, keep);
    if (args.flowLogDays !== undefined) keepFlowLog(`${name}-network`, vpc.id, args.flowLogDays, this);
    const group = this.#firewall(name, vpc, settings, [...args.ports, ...prepare.ports], keep);
    const architecture = architectureOf(settings.instanceType);
    const image = aws.ec2.getAmiOutput(
      {
        owners: [DEBIAN],
        mostRecent: true,
        filters: [
          { name: "name", values: [`debian-12-${architecture}-*`] },
          { name: "architecture", values: [NAME_AT_AWS[architecture]] },
        ],
      },
      { parent: this },
    );

    const instance = new aws.ec2.Instance(
      name,
      {
        ami: image.id,
        instanceType: settings.instanceType,
        subnetId: subnet.id,
        vpcSecurityGroupIds: [group.id],
        userData: cloudInit({ ...prepare, user, proxyPorts: args.ports }),
        // Version 2 alone, and not from inside of a container: [EC2.8], CKV_AWS_79, CKV_AWS_341.
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        rootBlockDevice: {
          volumeType: "gp3",
          volumeSize: Math.ceil(mebibytes(settings.disk) / 1024),
          encrypted: true,
          deleteOnTermination: !protect,
          tags: { Name: name },
        },
        disableApiTermination: protect,
        tags: { Name: name },
      },
      {
        ...keep,
        // Debian's newer image would replace the machine with all that is on it, and a new script would restart it:
        // unattended upgrades and `tristack host prepare` do what these would.
        ignoreChanges: ["ami", "userData"],
      },
    );
    const eip = new aws.ec2.Eip(
      `${name}-address`,
      { domain: "vpc", instance: instance.id, tags: { Name: name } },
      keep,
    );

    this.address = eip.publicIp;
    this.instanceId = instance.id;
    this.registerOutputs({ address: this.address, instanceId: this.instanceId });
  }

  /** One public subnet. Its own network, since accounts of today need not have a default one. */
  #network(name: string, keep: pulumi.CustomResourceOptions) {
    const vpc = new aws.ec2.Vpc(
      `${name}-network`,
      { cidrBlock: NETWORK, enableDnsHostnames: true, tags: { Name: name } },
      keep,
    );
    // Whoever names no group gets this one: it lets nothing through [EC2.2].
    new aws.ec2.DefaultSecurityGroup(`${name}-closed`, { vpcId: vpc.id }, keep);
    const gateway = new aws.ec2.InternetGateway(`${name}-gateway`, { vpcId: vpc.id }, keep);
    const routes = new aws.ec2.RouteTable(
      `${name}-routes`,
      { vpcId: vpc.id, routes: [{ cidrBlock: EVERYBODY, gatewayId: gateway.id }] },
      keep,
    );
    const subnet = new aws.ec2.Subnet(
      `${name}-subnet`,
      { vpcId: vpc.id, cidrBlock: NETWORK, tags: { Name: name } },
      keep,
    );
    new aws.ec2.RouteTableAssociation(
      `${name}-route`,
      { subnetId: subnet.id, routeTableId: routes.id },
      keep,
    );
    return { vpc, subnet };
  }

  /** In front of the machine's own: ssh for those who deploy, the given ports for everybody. */
  #firewall(
    name: string,
    vpc: aws.ec2.Vpc,
    { sshFrom }: MachineSettings,
    ports: readonly number[],
    keep: pulumi.CustomResourceOptions,
  ) {
    const group = new aws.ec2.SecurityGroup(
      `${name}-firewall`,
      { description: "What reaches the machine", vpcId: vpc.id, tags: { Name: name } },
      keep,
    );
    // Not below the group, which would protect them as well: what is no longer open has to go.
    const rule = { parent: this };
    const open = (port: number, from: string) =>
      new aws.vpc.SecurityGroupIngressRule(
        `${name}-${port}-from-${from.replaceAll(/[./]/g, "-")}`,
        {
          securityGroupId: group.id,
          cidrIpv4: from,
          ipProtocol: "tcp",
          fromPort: port,
          toPort: port,
          description: port === SSH ? "ssh" : `port ${port}`,
        },
        rule,
      );
    for (const from of new Set(sshFrom)) open(SSH, from);
    for (const port of new Set(ports)) open(port, EVERYBODY);
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-out`,
      {
        securityGroupId: group.id,
        cidrIpv4: EVERYBODY,
        ipProtocol: "-1",
        description: "packages, images, certificates, backups",
      },
      rule,
    );
    return group;
  }
}

const SSH = 22;
