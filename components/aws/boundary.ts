/** What no role of a stack may do more than, whoever made it and whatever its own policies say. */
import type * as pulumi from "@pulumi/pulumi";
import { ROLE_PATH } from "./policy-document.ts";
import * as aws from "./sdk.ts";

/** @returns ARN of the policy. */
export function boundary(name: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "WhatFunctionsAndJobsDo",
        Effect: "Allow",
        Action: [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:GetAuthorizationToken",
          "ecr:GetDownloadUrlForLayer",
          "ecs:DescribeTasks",
          "ecs:ListTasks",
          "ecs:RunTask",
          "iam:PassRole",
          "lambda:InvokeFunction",
          "logs:CreateLogStream",
          "logs:DescribeLogStreams",
          "logs:GetLogEvents",
          "logs:PutLogEvents",
          "s3:DeleteObject",
          "s3:GetObject",
          "s3:ListBucket",
          "s3:PutObject",
          "secretsmanager:GetSecretValue",
        ],
        // A boundary gives nothing: of what, each role's own policy says.
        Resource: "*",
      },
    ],
  });
  return new aws.iam.Policy(name, { name: "boundary", path: ROLE_PATH, policy }, opts).arn;
}
