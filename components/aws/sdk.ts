/**
 * Of AWS' SDK what is used here. Its root loads the index of all 240 services, 0.1 s in each preview; by default exports, since
 * a namespace of Node's would read every name that a service exports, which loads its resources.
 */
import acm from "@pulumi/aws/acm/index.js";
import apigatewayv2 from "@pulumi/aws/apigatewayv2/index.js";
import budgets from "@pulumi/aws/budgets/index.js";
import cloudfront from "@pulumi/aws/cloudfront/index.js";
import cloudwatch from "@pulumi/aws/cloudwatch/index.js";
import ec2 from "@pulumi/aws/ec2/index.js";
import ecr from "@pulumi/aws/ecr/index.js";
import ecs from "@pulumi/aws/ecs/index.js";
import eks from "@pulumi/aws/eks/index.js";
import iam from "@pulumi/aws/iam/index.js";
import kms from "@pulumi/aws/kms/index.js";
import lambda from "@pulumi/aws/lambda/index.js";
import rds from "@pulumi/aws/rds/index.js";
import route53 from "@pulumi/aws/route53/index.js";
import s3 from "@pulumi/aws/s3/index.js";
import scheduler from "@pulumi/aws/scheduler/index.js";
import secretsmanager from "@pulumi/aws/secretsmanager/index.js";
import sns from "@pulumi/aws/sns/index.js";
import vpc from "@pulumi/aws/vpc/index.js";
import wafv2 from "@pulumi/aws/wafv2/index.js";

export * from "@pulumi/aws/provider.js";
export * from "@pulumi/aws/getAvailabilityZones.js";
export * from "@pulumi/aws/getCallerIdentity.js";
export * from "@pulumi/aws/getRegion.js";
export type * as types from "@pulumi/aws/types/index.js";
export {
  acm,
  apigatewayv2,
  budgets,
  cloudfront,
  cloudwatch,
  ec2,
  ecr,
  ecs,
  eks,
  iam,
  kms,
  lambda,
  rds,
  route53,
  s3,
  scheduler,
  secretsmanager,
  sns,
  vpc,
  wafv2,
};
