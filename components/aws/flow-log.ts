/** The record of who spoke with whom in a network [EC2.6]. */
import * as pulumi from "@pulumi/pulumi";
import { roleOf } from "./policy-document.ts";
import * as aws from "./sdk.ts";

/** @param days that it is kept, as CloudWatch allows: 1, 3, 5, 7, 14, 30, 60, 90, 365, … */
export function keepFlowLog(
  name: string,
  vpcId: pulumi.Input<string>,
  days: number,
  parent: pulumi.Resource,
): void {
  const within = { parent };
  const group = new aws.cloudwatch.LogGroup(`${name}-flows`, { retentionInDays: days }, within);
  const role = roleOf(
    `${name}-flows`,
    "vpc-flow-logs.amazonaws.com",
    [
      {
        Sid: "WriteTheRecordOfFlows",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
        Resource: pulumi.interpolate`${group.arn}:*`,
      },
    ],
    parent,
  );
  new aws.ec2.FlowLog(
    `${name}-flows`,
    {
      vpcId,
      trafficType: "ALL",
      logDestinationType: "cloud-watch-logs",
      logDestination: group.arn,
      iamRoleArn: role,
      tags: { Name: name },
    },
    within,
  );
}
