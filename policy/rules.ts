/** All rules, in the order of their numbers. */
import type { Rule } from "./rule.ts";
import { cloudfrontRules } from "./rules/cloudfront.ts";
import { dockerRules } from "./rules/docker.ts";
import { iamRules } from "./rules/iam.ts";
import { kubernetesRules } from "./rules/kubernetes.ts";
import { lambdaRules } from "./rules/lambda.ts";
import { networkRules } from "./rules/network.ts";
import { rdsRules } from "./rules/rds.ts";
import { s3Rules } from "./rules/s3.ts";

export const rules: readonly Rule[] = [
  ...rdsRules,
  ...s3Rules,
  ...cloudfrontRules,
  ...lambdaRules,
  ...networkRules,
  ...iamRules,
  ...dockerRules,
  ...kubernetesRules,
].sort((a, b) => a.number - b.number);
