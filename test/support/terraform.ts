/**
 * A recorded graph of AWS as Terraform's JSON, for tools that read that and know nothing of Pulumi. The provider is the
 * same one: names of properties are in snake case there, and blocks that Pulumi has as a list are named in the singular.
 */
import { arnOf } from "../../cli/render/aws-answers.ts";
import type { Registered } from "./graph.ts";

/** Types whose Terraform name is not `aws_` and the name in snake case. */
const TYPES: Readonly<Record<string, string>> = {
  "aws:acm/certificate:Certificate": "aws_acm_certificate",
  "aws:acm/certificateValidation:CertificateValidation": "aws_acm_certificate_validation",
  "aws:budgets/budget:Budget": "aws_budgets_budget",
  "aws:cloudfront/cachePolicy:CachePolicy": "aws_cloudfront_cache_policy",
  "aws:cloudfront/distribution:Distribution": "aws_cloudfront_distribution",
  "aws:cloudfront/originAccessControl:OriginAccessControl": "aws_cloudfront_origin_access_control",
  "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": "aws_cloudfront_response_headers_policy",
  "aws:cloudwatch/logDelivery:LogDelivery": "aws_cloudwatch_log_delivery",
  "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": "aws_cloudwatch_log_delivery_destination",
  "aws:cloudwatch/logDeliverySource:LogDeliverySource": "aws_cloudwatch_log_delivery_source",
  "aws:cloudwatch/logGroup:LogGroup": "aws_cloudwatch_log_group",
  "aws:cloudwatch/metricAlarm:MetricAlarm": "aws_cloudwatch_metric_alarm",
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": "aws_ecr_lifecycle_policy",
  "aws:ecr/repository:Repository": "aws_ecr_repository",
  "aws:ecs/cluster:Cluster": "aws_ecs_cluster",
  "aws:ecs/taskDefinition:TaskDefinition": "aws_ecs_task_definition",
  "aws:eks/accessEntry:AccessEntry": "aws_eks_access_entry",
  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "aws_eks_access_policy_association",
  "aws:eks/cluster:Cluster": "aws_eks_cluster",
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "aws_iam_openid_connect_provider",
  "aws:iam/policy:Policy": "aws_iam_policy",
  "aws:iam/role:Role": "aws_iam_role",
  "aws:iam/rolePolicy:RolePolicy": "aws_iam_role_policy",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "aws_iam_role_policy_attachment",
  "aws:kms/key:Key": "aws_kms_key",
  "aws:lambda/alias:Alias": "aws_lambda_alias",
  "aws:lambda/function:Function": "aws_lambda_function",
  "aws:lambda/invocation:Invocation": "aws_lambda_invocation",
  "aws:lambda/permission:Permission": "aws_lambda_permission",
  "aws:rds/instance:Instance": "aws_db_instance",
  "aws:rds/parameterGroup:ParameterGroup": "aws_db_parameter_group",
  "aws:rds/subnetGroup:SubnetGroup": "aws_db_subnet_group",
  "aws:route53/record:Record": "aws_route53_record",
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "aws_s3_bucket_ownership_controls",
  "aws:secretsmanager/secret:Secret": "aws_secretsmanager_secret",
  "aws:secretsmanager/secretVersion:SecretVersion": "aws_secretsmanager_secret_version",
  "aws:sns/topic:Topic": "aws_sns_topic",
  "aws:sns/topicSubscription:TopicSubscription": "aws_sns_topic_subscription",
  "aws:wafv2/webAcl:WebAcl": "aws_wafv2_web_acl",
  "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration":
    "aws_wafv2_web_acl_logging_configuration",
};
/** Whose module is no part of the name: aws_vpc, aws_subnet, aws_vpc_security_group_ingress_rule, aws_s3_bucket, aws_apigatewayv2_api. */
const MODULES: Readonly<Record<string, string>> = {
  apigatewayv2: "apigatewayv2_",
  ec2: "",
  s3: "s3_",
  vpc: "vpc_",
};

/** Blocks, by their name in Pulumi. */
const BLOCKS: Readonly<Record<string, string>> = {
  aliases: "alias",
  customHeaders: "custom_header",
  encryptionConfigurations: "encryption_configuration",
  managedRuleGroupConfigs: "managed_rule_group_configs",
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
const MAPS = ["tags", "variables", "publicTags"];

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
      ...(told(inputs) as object),
      // What Pulumi does unless it is told otherwise.
      lifecycle: { create_before_destroy: !deleteBeforeReplace },
    };
  return { resource };
}

function typeOf(type: string): string {
  const [, module = "", resource = ""] = /^aws:([^/]+)\/[^:]+:(\w+)$/.exec(type) ?? [];
  const known = TYPES[type];
  if (known !== undefined) return known;
  const prefix = MODULES[module];
  if (prefix === undefined) throw new Error(`no Terraform name for ${type}`);
  return `aws_${prefix}${snake(resource)}`.replace("aws_ec2_", "aws_");
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
