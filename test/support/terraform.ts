/**
 * A recorded graph of AWS as Terraform's JSON, for tools that read that and know nothing of Pulumi. The provider is the
 * same one: names of properties are in snake case there, and blocks that Pulumi has as a list are named in the singular.
 */
import { arnOf } from "../../cli/render/answers.ts";
import type { Registered } from "./graph.ts";
import { withRules } from "./web-acl-rules.ts";

/** Modules whose part of a Terraform name is not their own: aws_vpc and aws_subnet, aws_db_instance. */
const MODULES: Readonly<Record<string, string>> = { ec2: "", rds: "db_" };

/** Blocks, by their name in Pulumi. */
const BLOCKS: Readonly<Record<string, string>> = {
  aliases: "alias",
  customHeaders: "custom_header",
  encryptionConfigurations: "encryption_configuration",
  members: "member",
  metricQueries: "metric_query",
  notifications: "notification",
  orderedCacheBehaviors: "ordered_cache_behavior",
  originGroups: "origin_group",
  origins: "origin",
  parameters: "parameter",
  routes: "route",
  rules: "rule",
  settings: "setting",
  volumes: "volume",
};
/** Types by a part of the property that names one of them. */
const MEANT: Readonly<Record<string, string>> = {
  securitygroup: "aws:ec2/securityGroup:SecurityGroup",
  bucket: "aws:s3/bucket:Bucket",
  subnet: "aws:ec2/subnet:Subnet",
  vpcid: "aws:ec2/vpc:Vpc",
  apiid: "aws:apigatewayv2/api:Api",
  secretid: "aws:secretsmanager/secret:Secret",
  parametergroup: "aws:rds/parameterGroup:ParameterGroup",
  role: "aws:iam/role:Role",
};
/** Values that are text by text: their keys are nobody's properties. */
const MAPS = ["tags", "variables"];

export type Terraform = { resource: Record<string, Record<string, unknown>> };

/** @returns resources of AWS; of a secret its marker, and of an id or ARN that another resource gives, a reference to it */
export function terraformOf(graph: readonly Registered[]): Terraform {
  const own = graph.filter(({ type }) => type.startsWith("aws:"));
  const references = new Map(
    own.map(({ type, name }): [string, string] => [
      arnOf(type, name),
      `\${${typeOf(type)}.${labelOf(name)}.arn}`,
    ]),
  );
  // Resources of several types share a name: the property says which of them is meant.
  const byMock = (value: string, property: string) => {
    const named = own.filter(({ name }) => [`${name}-id`, `${name}-docker`].includes(value));
    const meant = Object.entries(MEANT).find(([part]) => property.toLowerCase().includes(part))?.[1];
    const found = named.find(({ type }) => type === meant) ?? named[0];
    const output = value.endsWith("-id") ? "id" : "name";
    return found && `\${${typeOf(found.type)}.${labelOf(found.name)}.${output}}`;
  };
  const told = (value: unknown, property = ""): unknown => {
    if (typeof value === "string") return references.get(value) ?? byMock(value, property) ?? value;
    if (Array.isArray(value)) return value.map((one) => told(one, property));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    if (entries.length === 1 && entries[0]?.[0] === "secret") return "${var.secret}";
    return Object.fromEntries(
      entries.map(([key, inner]) => [nameOf(key, inner), MAPS.includes(key) ? inner : told(inner, key)]),
    );
  };
  const resource: Terraform["resource"] = {};
  for (const { type, name, inputs, deleteBeforeReplace } of own)
    (resource[typeOf(type)] ??= {})[labelOf(name)] = {
      ...(told(withRules(inputs)) as object),
      // What Pulumi does unless it is told otherwise.
      lifecycle: { create_before_destroy: !deleteBeforeReplace },
    };
  return { resource };
}

function typeOf(type: string): string {
  const [, module = "", resource = ""] = /^aws:([^/]+)\/[^:]+:(\w+)$/.exec(type) ?? [];
  return `aws_${MODULES[module] ?? `${module}_`}${snake(resource.replace("OpenId", "Openid"))}`;
}

function nameOf(key: string, value: unknown): string {
  const block = BLOCKS[key];
  // A list of texts is an argument whatever its name: CloudFront's aliases are, Route 53's are blocks.
  const ofTexts = Array.isArray(value) && value.every((one) => typeof one === "string");
  return block === undefined || ofTexts ? snake(key) : block;
}

function labelOf(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, "_");
}

function snake(name: string): string {
  return name.replace(/(?<=[a-z0-9])([A-Z])/g, "_$1").toLowerCase();
}
