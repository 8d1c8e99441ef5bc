/** What the distribution lets through [CloudFront.6]: AWS' rules against common attacks, and a limit for each address. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface FirewallArgs {
  /** Days that it is kept what was let through and what was not. */
  logDays: number;
  /** Whether a proxy is in front, from whose few addresses everybody's requests come. */
  proxied: boolean;
}

/** Requests of one address in five minutes. An office behind one address stays far below. */
const MOST_REQUESTS = 10_000;
/** The same of a proxy's: no visitor is blocked for what all of them do, and a flood ends all the same. */
const MOST_OF_A_PROXY = 100_000;

/** Managed rules by name. https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html */
const MANAGED = ["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet"];

/** Where CloudFront looks for it, whatever the stack's region is. */
const REGION = "us-east-1";

/** @returns the ARN of a web ACL */
export function firewall(
  name: string,
  { logDays, proxied }: FirewallArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const counted = (metricName: string) => ({
    metricName,
    cloudwatchMetricsEnabled: true,
    sampledRequestsEnabled: true,
  });
  const managed = MANAGED.map((group, index) => ({
    name: group,
    priority: index + 1,
    overrideAction: { none: {} },
    statement: { managedRuleGroupStatement: { vendorName: "AWS", name: group } },
    visibilityConfig: counted(group),
  }));
  const limit = {
    name: "requests-of-one-address",
    priority: 0,
    action: { block: {} },
    statement: {
      rateBasedStatement: {
        aggregateKeyType: "IP",
        limit: proxied ? MOST_OF_A_PROXY : MOST_REQUESTS,
        evaluationWindowSec: 300,
      },
    },
    visibilityConfig: counted("requests-of-one-address"),
  };
  const acl = new aws.wafv2.WebAcl(
    name,
    {
      scope: "CLOUDFRONT",
      region: REGION,
      defaultAction: { allow: {} },
      rules: [limit, ...managed],
      visibilityConfig: counted("all"),
    },
    { parent },
  );
  const logs = new aws.cloudwatch.LogGroup(
    `${name}-firewall`,
    {
      // WAF writes to groups of such names alone.
      name: `aws-waf-logs-${pulumi.getProject()}-${pulumi.getStack()}`,
      retentionInDays: logDays,
      region: REGION,
    },
    { parent },
  );
  new aws.wafv2.WebAclLoggingConfiguration(
    name,
    {
      resourceArn: acl.arn,
      logDestinationConfigs: [logs.arn],
      redactedFields: ["authorization", "cookie"].map((header) => ({ singleHeader: { name: header } })),
      region: REGION,
    },
    { parent },
  );
  return acl.arn;
}
