/** A network of its own: public subnets for what is reached, private ones for what runs, and none with a way out for data. */
import * as pulumi from "@pulumi/pulumi";
import { keepFlowLog } from "./flow-log.ts";
import * as aws from "./sdk.ts";

export interface NetworkArgs {
  /** Availability zones. */
  zones: 2 | 3;
  /**
   * How private subnets reach the internet: not at all, by one gateway for all zones (33 USD a month, and an outage of its
   * zone is one of all), or by one in each.
   */
  nat: "none" | "one" | "per-zone";
  /** Services of AWS that private subnets reach without a way out, such as secretsmanager: 7.30 USD a month in each zone. */
  endpoints?: readonly string[];
  /** Days that the record of who spoke with whom is kept. Left out, there is none. */
  flowLogDays?: number;
  /** Tags of public subnets, such as those by which a cluster finds where load balancers go. */
  publicTags?: Readonly<Record<string, string>>;
  /** Tags of private subnets. */
  privateTags?: Readonly<Record<string, string>>;
  /** Whether it refuses to be deleted. */
  protect: boolean;
}

const EVERYBODY = "0.0.0.0/0";

/** A /16: pods take addresses of private subnets, thousands of them; the other two kinds need few. */
const CIDR = "10.80.0.0/16";
const subnetsOf = {
  public: (zone: number) => `10.80.${zone}.0/24`,
  data: (zone: number) => `10.80.${16 + zone}.0/24`,
  private: (zone: number) => `10.80.${64 * (1 + zone)}.0/18`,
};

type Kind = keyof typeof subnetsOf;

/** A network as what runs in it needs it, whoever made it. */
export interface Place {
  readonly vpcId: pulumi.Input<string>;
  /** Security group that lets nothing through. */
  readonly closedGroupId: pulumi.Input<string>;
  readonly publicSubnetIds: readonly pulumi.Input<string>[];
  readonly privateSubnetIds: readonly pulumi.Input<string>[];
  /** Whether private subnets have a way to the internet, too. */
  readonly leadsOut: boolean;
}

export class Network extends pulumi.ComponentResource implements Place {
  readonly vpcId: pulumi.Output<string>;
  readonly closedGroupId: pulumi.Output<string>;
  readonly publicSubnetIds: pulumi.Output<string>[];
  readonly privateSubnetIds: pulumi.Output<string>[];
  /** Without any route out of the network. */
  readonly dataSubnetIds: pulumi.Output<string>[];
  readonly leadsOut: boolean;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Network", name, {}, opts);
    const keep = { parent: this, protect: args.protect };
    const vpc = new aws.ec2.Vpc(
      name,
      { cidrBlock: CIDR, enableDnsHostnames: true, enableDnsSupport: true, tags: { Name: name } },
      keep,
    );
    // Whoever names no group gets this one: it lets nothing through [EC2.2].
    const closed = new aws.ec2.DefaultSecurityGroup(`${name}-closed`, { vpcId: vpc.id }, keep);

    const zones = Array.from({ length: args.zones }, (_, index) => index);
    const available = aws.getAvailabilityZonesOutput(
      // Local zones have no NAT gateways, nor most of what stands in a subnet.
      { state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] },
      { parent: this },
    );
    const subnets = (kind: Kind, tags: Readonly<Record<string, string>> = {}) =>
      zones.map(
        (zone) =>
          new aws.ec2.Subnet(
            `${name}-${kind}-${zone}`,
            {
              vpcId: vpc.id,
              cidrBlock: subnetsOf[kind](zone),
              availabilityZone: available.names.apply((names) => zoneOf(names, zone)),
              // [EC2.15]: what is to be reached asks for an address by itself.
              mapPublicIpOnLaunch: false,
              tags: { Name: `${name}-${kind}-${zone}`, ...tags },
            },
            // AWS adds zones: that must not move what is there.
            { ...keep, ignoreChanges: ["availabilityZone"] },
          ),
      );
    const reached = subnets("public", args.publicTags);
    const running = subnets("private", args.privateTags);
    const data = subnets("data");

    const gateway = new aws.ec2.InternetGateway(
      `${name}-gateway`,
      { vpcId: vpc.id, tags: { Name: name } },
      keep,
    );
    const table = (kind: string, routes: aws.types.input.ec2.RouteTableRoute[], of: aws.ec2.Subnet[]) => {
      const made = new aws.ec2.RouteTable(
        `${name}-${kind}`,
        { vpcId: vpc.id, routes, tags: { Name: `${name}-${kind}` } },
        keep,
      );
      of.forEach((subnet, index) => {
        new aws.ec2.RouteTableAssociation(
          `${name}-${kind}-${index}`,
          { subnetId: subnet.id, routeTableId: made.id },
          keep,
        );
      });
      return made;
    };
    table("public", [{ cidrBlock: EVERYBODY, gatewayId: gateway.id }], reached);
    const nats = natGateways(name, args.nat, reached, { ...keep, dependsOn: [gateway] });
    const privateTables = zones.map((zone) => {
      const nat = nats[zone] ?? nats[0];
      return table(
        `private-${zone}`,
        nat ? [{ cidrBlock: EVERYBODY, natGatewayId: nat.id }] : [],
        running.slice(zone, zone + 1),
      );
    });
    const dataTable = table("data", [], data);
    // Costs nothing, and S3's traffic neither leaves the network nor is paid for at the NAT gateway.
    new aws.ec2.VpcEndpoint(
      `${name}-s3`,
      {
        vpcId: vpc.id,
        serviceName: pulumi.interpolate`com.amazonaws.${aws.getRegionOutput({}, { parent: this }).region}.s3`,
        vpcEndpointType: "Gateway",
        routeTableIds: [...privateTables, dataTable].map(({ id }) => id),
        tags: { Name: `${name}-s3` },
      },
      keep,
    );
    for (const service of args.endpoints ?? []) this.#endpoint(name, service, vpc, running, keep);
    if (args.flowLogDays !== undefined) keepFlowLog(name, vpc.id, args.flowLogDays, this);

    this.vpcId = vpc.id;
    this.leadsOut = args.nat !== "none";
    this.closedGroupId = closed.id;
    const ids = (of: aws.ec2.Subnet[]) => of.map(({ id }) => id);
    this.publicSubnetIds = ids(reached);
    this.privateSubnetIds = ids(running);
    this.dataSubnetIds = ids(data);
    this.registerOutputs({ vpcId: this.vpcId });
  }

  #endpoint(
    name: string,
    service: string,
    vpc: aws.ec2.Vpc,
    subnets: readonly aws.ec2.Subnet[],
    keep: pulumi.CustomResourceOptions,
  ): void {
    const own = `${name}-${service}`;
    const group = new aws.ec2.SecurityGroup(
      own,
      { description: `What reaches ${service}`, vpcId: vpc.id, tags: { Name: own } },
      keep,
    );
    new aws.vpc.SecurityGroupIngressRule(
      own,
      {
        securityGroupId: group.id,
        cidrIpv4: CIDR,
        ipProtocol: "tcp",
        fromPort: 443,
        toPort: 443,
        description: "from the network",
      },
      keep,
    );
    const { region } = aws.getRegionOutput({}, { parent: this });
    new aws.ec2.VpcEndpoint(
      own,
      {
        vpcId: vpc.id,
        serviceName: pulumi.interpolate`com.amazonaws.${region}.${service}`,
        vpcEndpointType: "Interface",
        privateDnsEnabled: true,
        subnetIds: subnets.map(({ id }) => id),
        securityGroupIds: [group.id],
        tags: { Name: own },
      },
      keep,
    );
  }
}

function zoneOf(names: readonly string[], index: number): string {
  const zone = names[index];
  if (zone !== undefined) return zone;
  throw new pulumi.RunError(
    `the region has ${names.length} availability zones: ${names.join(", ")}; needs ${index + 1}`,
  );
}

function natGateways(
  name: string,
  nat: NetworkArgs["nat"],
  subnets: readonly aws.ec2.Subnet[],
  opts: pulumi.CustomResourceOptions,
): aws.ec2.NatGateway[] {
  const of = { none: [], one: subnets.slice(0, 1), "per-zone": subnets }[nat];
  return of.map((subnet, zone) => {
    const tags = { Name: `${name}-nat-${zone}` };
    const address = new aws.ec2.Eip(`${name}-nat-${zone}`, { domain: "vpc", tags }, opts);
    return new aws.ec2.NatGateway(
      `${name}-nat-${zone}`,
      { subnetId: subnet.id, allocationId: address.id, tags },
      opts,
    );
  });
}
