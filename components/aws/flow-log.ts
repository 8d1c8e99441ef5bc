/** The record of who spoke with whom in a network [EC2.6]. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { trustOf } from "./trust.ts";

/** @param days that it is kept, as CloudWatch allows: 1, 3, 5, 7, 14, 30, 60, 90, 365, … */
export function keepFlowLog(
  name: string,
  vpcId: pulumi.Input<string>,
  days: number,
  parent: pulumi.Resource,
): void {
  const within = { parent };
  const group = new aws.cloudwatch.LogGroup(`${name}-flows`, { retentionInDays: days }, within);
  const role = new aws.iam.Role(
    `${name}-flows`,
    { assumeRolePolicy: trustOf("vpc-flow-logs.amazonaws.com") },
    within,
  );
  new aws.iam.RolePolicy(
    `${name}-flows`,
    {
      role: role.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "WriteTheRecordOfFlows",
            Effect: "Allow",
            Action: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            Resource: pulumi.interpolate`${group.arn}:*`,
          },
        ],
      }),
    },
    within,
  );
  new aws.ec2.FlowLog(
    `${name}-flows`,
    {
      vpcId,
      trafficType: "ALL",
      logDestinationType: "cloud-watch-logs",
      logDestination: group.arn,
      iamRoleArn: role.arn,
      tags: { Name: name },
    },
    within,
  );
}
