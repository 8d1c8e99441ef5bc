/** The estimate of what a stack costs a month, from the resources that it is made of. */
import { z } from "zod";
import { AUTO_MODE_FEE, PRICES, type Price, databasePrice, machinePrice } from "./pricing.ts";

export const costSchema = z
  .strictObject({
    monthlyUsd: z.number().min(0).nullable().describe("Estimate; null where nothing has a price list."),
    unpriced: z.array(z.string()).describe("Resources that the estimate leaves out."),
  })
  .describe("What the stack costs a month.");

/** A resource as it is registered: only what its price depends on has to be in `inputs`. */
export interface PricedResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** One row of an estimate. */
export interface CostLine {
  readonly resource: string;
  /** What is paid for. */
  readonly what: string;
  readonly monthlyUsd: number;
  /** Where the price is from, and when it was read. */
  readonly source: string;
}

export interface Estimate {
  readonly monthlyUsd: number | null;
  readonly lines: readonly CostLine[];
  /** Names of what has no price here, with the reason; never counted as 0. */
  readonly unpriced: readonly string[];
}

/** What is paid for by use, which no graph of resources knows. */
export interface Usage {
  /** Nodes of a cluster of Auto Mode. */
  readonly nodes?: { readonly instanceType: string; readonly count: number };
}

type Item = readonly [what: string, price: Price | undefined, times?: number];

interface Pricing {
  /** Inputs that it depends on. */
  readonly reads: readonly string[];
  /** Undefined: it is one of those that have no price here. */
  readonly items: (inputs: PricedResource["inputs"], usage: Usage) => Item[] | undefined;
}

/** A price that reads no other inputs than it says: within a program the others may not be known yet. */
function priced<K extends string>(
  reads: readonly K[],
  items: (inputs: Readonly<Partial<Record<K, unknown>>>, usage: Usage) => Item[] | undefined,
): Pricing {
  return { reads, items: items as Pricing["items"] };
}

/** So much for each of a list; undefined where there is none. */
function counted(what: string, price: Price, list: unknown): Item[] | undefined {
  return Array.isArray(list) ? [[what, price, list.length]] : undefined;
}

/** What a resource of each type is paid for. */
const PRICED: Readonly<Record<string, Pricing>> = {
  "aws:ec2/natGateway:NatGateway": priced([], () => [["NAT gateway", PRICES.natGateway]]),
  "aws:ec2/eip:Eip": priced([], () => [["public IPv4 address", PRICES.publicIpv4]]),
  "aws:kms/key:Key": priced([], () => [["key", PRICES.kmsKey]]),
  "aws:secretsmanager/secret:Secret": priced([], () => [["secret", PRICES.secret]]),
  "aws:cloudwatch/metricAlarm:MetricAlarm": priced([], () => [["alarm", PRICES.alarm]]),
  "aws:route53/zone:Zone": priced([], () => [["hosted zone", PRICES.hostedZone]]),
  "aws:ec2/instance:Instance": priced(
    ["instanceType", "rootBlockDevice"],
    ({ instanceType, rootBlockDevice }) => [
      [String(instanceType), machinePrice(String(instanceType))],
      [
        "disk",
        PRICES.gp3PerGibibyte,
        Number((rootBlockDevice as { volumeSize?: unknown } | undefined)?.volumeSize ?? 8),
      ],
    ],
  ),
  // One kind of endpoint is a route, the other one machines in each zone.
  "aws:ec2/vpcEndpoint:VpcEndpoint": priced(
    ["vpcEndpointType", "subnetIds"],
    ({ vpcEndpointType, subnetIds }) =>
      vpcEndpointType === "Gateway" ? [] : counted("endpoint", PRICES.interfaceEndpointPerZone, subnetIds),
  ),
  "aws:wafv2/webAcl:WebAcl": priced(["ruleJson"], ({ ruleJson }) => [
    ["web ACL", PRICES.webAcl],
    ...(counted("rules", PRICES.webAclRule, typeof ruleJson === "string" && JSON.parse(ruleJson)) ?? []),
  ]),
  "aws:rds/instance:Instance": priced(
    ["instanceClass", "multiAz", "allocatedStorage"],
    ({ instanceClass, multiAz, allocatedStorage }) => [
      [String(instanceClass), databasePrice(String(instanceClass), multiAz === true)],
      [
        "storage",
        multiAz === true ? PRICES.databaseGp3PerGibibyteMultiAz : PRICES.databaseGp3PerGibibyte,
        Number(allocatedStorage),
      ],
    ],
  ),
  "aws:eks/cluster:Cluster": priced([], (_, { nodes }) => {
    const control: Item = ["control plane", PRICES.eksCluster];
    if (!nodes) return [control];
    const machine = machinePrice(nodes.instanceType);
    const fee = machine && { ...AUTO_MODE_FEE, usd: AUTO_MODE_FEE.usd * machine.usd };
    const what = `${nodes.count} nodes, ${nodes.instanceType}`;
    return [control, [what, machine, nodes.count], [`Auto Mode on ${what}`, fee, nodes.count]];
  }),
};

/** Cost nothing by themselves. */
const FREE: readonly RegExp[] = [
  /^(pulumi|tristack|random):/,
  // Part of the machine or cluster that they are on.
  /^(docker|kubernetes):/,
  /^aws:iam\//,
  /^aws:eks\/access/,
  /^aws:(acm|sns|ssm)\//,
  /^aws:ecs\/cluster:/,
  // The first 14 million starts of a month: https://aws.amazon.com/eventbridge/pricing/, read 2026-11-26.
  /^aws:scheduler\/schedule:/,
  /^aws:lambda\/(alias|permission|invocation):/,
  /^aws:apigatewayv2\/(?!api:)/,
  /^aws:cloudfront\/(?!distribution:)/,
  /^aws:cloudwatch\/logDelivery/,
  /^aws:wafv2\/webAclLogging/,
  /^aws:ecr\/lifecyclePolicy:/,
  // Parts of a project.
  /^vercel:index\/project[A-Z]/,
  // The first two of an account.
  /^aws:budgets\/budget:/,
  /^aws:ec2\/(vpc|defaultSecurityGroup|subnet|internetGateway|routeTable|routeTableAssociation|securityGroup|flowLog):/,
  /^aws:vpc\/securityGroup/,
  /^aws:route53\/record:/,
  /^aws:rds\/(subnetGroup|parameterGroup):/,
  /^aws:s3\/bucket[A-Z]/,
  /^aws:secretsmanager\/secretVersion:/,
];

const BY_USE: Readonly<Record<string, string>> = {
  "aws:cloudwatch/logGroup:LogGroup": "by the amount of logs",
  "aws:s3/bucket:Bucket": "by what is kept in it",
  "aws:cloudfront/distribution:Distribution": "by requests and traffic",
  "aws:lambda/function:Function": "by calls and their duration",
  "aws:apigatewayv2/api:Api": "by requests",
  "aws:ecr/repository:Repository": "by what is kept in it",
  "aws:ecs/taskDefinition:TaskDefinition": "by how long its containers run",
  "vercel:index/project:Project": "paid at Vercel, by members and use",
};

export function estimate(resources: readonly PricedResource[], usage: Usage = {}): Estimate {
  const lines: CostLine[] = [];
  const unpriced: string[] = [];
  for (const { type, name, inputs } of resources) {
    const items = FREE.some((pattern) => pattern.test(type)) ? [] : PRICED[type]?.items(inputs, usage);
    if (!items) unpriced.push(`${name} (${BY_USE[type] ?? `no price for ${type}`})`);
    for (const [what, price, times = 1] of items ?? []) {
      if (!price) unpriced.push(`${name} (no price for ${what})`);
      else
        lines.push({
          resource: name,
          what,
          monthlyUsd: price.usd * times,
          source: `${price.source}, ${price.date}`,
        });
    }
  }
  const total = lines.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0);
  return { monthlyUsd: lines.length === 0 ? null : Math.round(total * 100) / 100, lines, unpriced };
}

/** Inputs that the price of a type depends on. */
export function pricedInputs(type: string): readonly string[] {
  return PRICED[type]?.reads ?? [];
}
