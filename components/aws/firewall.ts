/** What the distribution lets through [CloudFront.6]: AWS' rules against common attacks, and a limit for each address. */
import type { Rule } from "@aws-sdk/client-wafv2";
import * as pulumi from "@pulumi/pulumi";
import * as aws from "./sdk.ts";

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
    MetricName: metricName,
    CloudWatchMetricsEnabled: true,
    SampledRequestsEnabled: true,
  });
  const limit: Rule = {
    Name: "requests-of-one-address",
    Priority: 0,
    Action: { Block: {} },
    Statement: {
      RateBasedStatement: {
        AggregateKeyType: "IP",
        Limit: proxied ? MOST_OF_A_PROXY : MOST_REQUESTS,
        EvaluationWindowSec: 300,
      },
    },
    VisibilityConfig: counted("requests-of-one-address"),
  };
  const managed = MANAGED.map((group, index): Rule => ({
    Name: group,
    Priority: index + 1,
    OverrideAction: { None: {} },
    Statement: { ManagedRuleGroupStatement: { VendorName: "AWS", Name: group } },
    VisibilityConfig: counted(group),
  }));
  const acl = new aws.wafv2.WebAcl(
    name,
    {
      scope: "CLOUDFRONT",
      region: REGION,
      defaultAction: { allow: {} },
      // As AWS' own API has them: the provider takes seconds longer for `rules`. What somebody changes by hand it does not see in
      // this form; `tristack drift` looks.
      ruleJson: JSON.stringify([limit, ...managed]),
      visibilityConfig: {
        metricName: "all",
        cloudwatchMetricsEnabled: true,
        sampledRequestsEnabled: true,
      },
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
