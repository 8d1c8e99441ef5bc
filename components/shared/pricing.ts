/**
 * What AWS asks for, in USD, each price with its source and the day it was read. Prices of us-east-1 without discounts,
 * free tiers and taxes: other regions are up to a third dearer, which an estimate does not know.
 */

/** Hours that AWS counts a month as. */
export const HOURS = 730;

export interface Price {
  readonly usd: number;
  readonly source: string;
  /** Day it was read. */
  readonly date: string;
}

const INFRACOST = "infracost, golden files of its AWS resources";
const AWS = "aws.amazon.com/pricing";

function price(usd: number, source: string, date: string): Price {
  return { usd, source, date };
}

/** By the month, unless the name says otherwise. */
export const PRICES = {
  natGateway: price(32.85, INFRACOST, "2026-11-23"),
  publicIpv4: price(3.65, AWS, "2026-11-23"),
  interfaceEndpointPerZone: price(7.3, INFRACOST, "2026-11-23"),
  kmsKey: price(1, INFRACOST, "2026-11-23"),
  secret: price(0.4, INFRACOST, "2026-11-23"),
  alarm: price(0.1, INFRACOST, "2026-11-23"),
  hostedZone: price(0.5, INFRACOST, "2026-11-23"),
  webAcl: price(5, INFRACOST, "2026-11-23"),
  webAclRule: price(1, INFRACOST, "2026-11-23"),
  eksCluster: price(73, INFRACOST, "2026-11-23"),
  gp3PerGibibyte: price(0.08, INFRACOST, "2026-11-23"),
  databaseGp3PerGibibyte: price(0.115, INFRACOST, "2026-11-23"),
  databaseGp3PerGibibyteMultiAz: price(0.23, INFRACOST, "2026-11-23"),
} as const satisfies Record<string, Price>;

const KARPENTER = "aws/karpenter-provider-aws, zz_generated.pricing_aws.go, on demand, by the hour";

/** Machines by the hour; Auto Mode's fee is not in it. */
const MACHINES: Readonly<Record<string, number>> = {
  "t3.small": 0.0208,
  "t3.medium": 0.0416,
  "t3.large": 0.0832,
  "t4g.small": 0.0168,
  "t4g.medium": 0.0336,
  "t4g.large": 0.0672,
  "m6i.large": 0.096,
  "m6i.xlarge": 0.192,
  "m7i.large": 0.1008,
  "m7i.xlarge": 0.2016,
  "m7g.large": 0.0816,
  "m7g.xlarge": 0.1632,
  "c7i.large": 0.08925,
  "c7g.large": 0.0725,
};

/** A machine of EC2 for a month; undefined for a type that is not in the list. */
export function machinePrice(type: string): Price | undefined {
  const hourly = MACHINES[type];
  return hourly === undefined ? undefined : price(hourly * HOURS, KARPENTER, "2026-11-26");
}

/** Share of a machine's price that Auto Mode adds. */
export const AUTO_MODE_FEE = price(0.12, "factualminds.com/blog/amazon-eks-pricing…, 2026-06", "2026-11-26");

/** PostgreSQL of RDS in one zone, a month; the same in two costs twice that. */
const DATABASES: Readonly<Record<string, number>> = {
  "db.t4g.micro": 11.68,
  "db.t4g.small": 23.36,
  "db.t4g.medium": 47.45,
};

export function databasePrice(instanceClass: string, multiAz: boolean): Price | undefined {
  const single = DATABASES[instanceClass];
  if (single === undefined) return undefined;
  return price(multiAz ? 2 * single : single, "infratally.com, RDS for PostgreSQL, 2026", "2026-11-23");
}
