/** Machines and networks of EC2. */
import { LABEL } from "../../components/shared/labels.ts";
import { PRODUCTION, type Props, type Rule, accompanied, at, listAt, ofType, textAt } from "../rule.ts";

const EVERYBODY = ["0.0.0.0/0", "::/0"];
/** ssh, Remote Desktop, PostgreSQL. */
const CLOSED_PORTS = [22, 3389, 5432];
const INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const VPC = "aws:ec2/vpc:Vpc";

export const networkRules: readonly Rule[] = [
  {
    number: 39,
    name: "ec2-metadata",
    ids: ["EC2.8", "CKV_AWS_79", "CKV_AWS_341"],
    meaning: "A machine's metadata is read by version 2 alone, and not from inside of a container.",
    types: ["aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate"],
    holds: (props) =>
      at(props, "metadataOptions", "httpTokens") === "required" &&
      at(props, "metadataOptions", "httpPutResponseHopLimit") === 1,
  },
  {
    number: 40,
    name: "ec2-closed-ports",
    ids: ["EC2.13", "EC2.14", "CKV_AWS_24", "CKV_AWS_25"],
    meaning: "ssh, Remote Desktop and PostgreSQL are not open to everybody.",
    types: [
      "aws:ec2/securityGroup:SecurityGroup",
      "aws:ec2/securityGroupRule:SecurityGroupRule",
      INGRESS_RULE,
    ],
    holds: (props, type) => ingressOf(props, type).every((one) => !opensClosedPort(one)),
  },
  {
    number: 41,
    name: "ec2-default-group-empty",
    ids: ["EC2.2", "CKV2_AWS_12"],
    meaning: "A network's default security group lets nothing through.",
    breaches: accompanied(VPC, {
      type: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
      property: "vpcId",
      holds: (props) => listAt(props, "ingress").length + listAt(props, "egress").length === 0,
    }),
  },
  {
    number: 42,
    name: "ec2-disks-encrypted",
    ids: ["EC2.3", "CKV_AWS_3", "CKV_AWS_8"],
    meaning: "Disks are encrypted.",
    types: ["aws:ec2/instance:Instance", "aws:ebs/volume:Volume"],
    holds: (props, type) =>
      type === "aws:ebs/volume:Volume"
        ? props.encrypted === true
        : [at(props, "rootBlockDevice"), ...listAt(props, "ebsBlockDevices")].every(
            (disk) => at(disk, "encrypted") === true,
          ),
  },
  {
    number: 43,
    name: "ec2-no-addresses-by-themselves",
    ids: ["EC2.15", "CKV_AWS_130"],
    meaning: "Nothing gets a public address without asking for one.",
    types: ["aws:ec2/subnet:Subnet"],
    holds: (props) => props.mapPublicIpOnLaunch !== true,
  },
  {
    number: 44,
    name: "ec2-flow-log",
    ids: ["EC2.6", "CKV2_AWS_11"],
    meaning: "Who spoke with whom in production's network is kept.",
    kinds: PRODUCTION,
    breaches: accompanied(VPC, { type: "aws:ec2/flowLog:FlowLog", property: "vpcId" }),
  },
  {
    number: 51,
    name: "owner-tags",
    ids: ["own"],
    meaning: "Everything at AWS says which stack it is of, and in a preview environment until when.",
    breaches: (all, kind) =>
      ofType(all, "pulumi:providers:aws").filter((one) => {
        const tags = at(decoded(one.props.defaultTags), "tags");
        const wanted = [LABEL.project, LABEL.stack, ...(kind === "preview" ? [LABEL.expiresAt] : [])];
        return !wanted.every((key) => textAt(tags, key) !== "");
      }),
  },
];

interface Ingress {
  readonly from: number;
  readonly to: number;
  readonly protocol: string;
  readonly networks: readonly unknown[];
}

function ingressOf(props: Props, type: string): Ingress[] {
  if (type === INGRESS_RULE) return [ingress(props, props.ipProtocol, [props.cidrIpv4, props.cidrIpv6])];
  if (type === "aws:ec2/securityGroupRule:SecurityGroupRule")
    return props.type === "ingress" ? [ofList(props)] : [];
  return listAt(props, "ingress").map(ofList);
}

function ofList(rule: unknown): Ingress {
  return ingress(rule, at(rule, "protocol"), [
    ...listAt(rule, "cidrBlocks"),
    ...listAt(rule, "ipv6CidrBlocks"),
  ]);
}

function ingress(rule: unknown, protocol: unknown, networks: readonly unknown[]): Ingress {
  return {
    from: Number(at(rule, "fromPort") ?? 0),
    to: Number(at(rule, "toPort") ?? 65_535),
    protocol: String(protocol),
    networks,
  };
}

function opensClosedPort({ from, to, protocol, networks }: Ingress): boolean {
  if (!networks.some((one) => EVERYBODY.includes(String(one)))) return false;
  return protocol === "-1" || CLOSED_PORTS.some((port) => from <= port && port <= to);
}

/** Settings of a provider are JSON text to the engine. */
function decoded(value: unknown): unknown {
  return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
}
