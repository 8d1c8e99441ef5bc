/** For each rule about AWS a stack that keeps it and one that breaks it; otherwise the two are the same. */
import type { Kind } from "../../policy/rule.ts";
import type { Made } from "../support/policy-resources.ts";

export interface Case {
  readonly good: readonly Made[];
  readonly bad: readonly Made[];
  /** @default production */
  readonly kind?: Kind;
}

const RDS = "aws:rds/instance:Instance";
const BUCKET = "aws:s3/bucket:Bucket";
const POLICY = "aws:s3/bucketPolicy:BucketPolicy";
const CDN = "aws:cloudfront/distribution:Distribution";
const LOG_SOURCE = "aws:cloudwatch/logDeliverySource:LogDeliverySource";
const FUNCTION = "aws:lambda/function:Function";
const PERMISSION = "aws:lambda/permission:Permission";
const FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl";
const VPC = "aws:ec2/vpc:Vpc";
const ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy";

/** One resource, by its properties. */
const one = (type: string, good: Made["props"], bad: Made["props"]): Case => ({
  good: [{ type, props: good }],
  bad: [{ type, props: bad }],
});

/** A bucket and what is beside it. */
const beside = (type: string, good: Made["props"], bad?: Made["props"]): Case => {
  const bucket = { type: BUCKET, name: "bucket" };
  const other = (props: Made["props"]) => ({ type, name: "other", props, refers: { bucket: "bucket" } });
  return { good: [bucket, other(good)], bad: bad ? [bucket, other(bad)] : [bucket] };
};

const document = (...statements: object[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (Action: unknown, Resource: unknown = "arn:aws:s3:::it") => ({
  policy: document({ Effect: "Allow", Action, Resource }),
});

const ALL_CLOSED = {
  blockPublicAcls: true,
  blockPublicPolicy: true,
  ignorePublicAcls: true,
  restrictPublicBuckets: true,
};
const GITHUB = "token.actions.githubusercontent.com";
const trustOfGithub = (condition: object) => ({
  assumeRolePolicy: document({
    Effect: "Allow",
    Action: "sts:AssumeRoleWithWebIdentity",
    Principal: { Federated: `arn:aws:iam::1:oidc-provider/${GITHUB}` },
    Condition: { StringEquals: condition },
  }),
});
const behavior = (over: object = {}) => ({
  defaultCacheBehavior: {
    targetOriginId: "files",
    viewerProtocolPolicy: "redirect-to-https",
    responseHeadersPolicyId: "headers",
    ...over,
  },
});
const files = (over: object = {}) => ({ originId: "files", domainName: "it.s3.amazonaws.com", ...over });
const server = (protocols: string[]) => ({
  origins: [
    {
      originId: "api",
      customOriginConfig: { originProtocolPolicy: "https-only", originSslProtocols: protocols },
    },
  ],
});

export const awsCases: Readonly<Record<number, Case>> = {
  1: one(RDS, { storageEncrypted: true }, {}),
  2: one(RDS, { publiclyAccessible: false }, { publiclyAccessible: true }),
  3: one(RDS, { multiAz: true }, {}),
  4: one(RDS, { deletionProtection: true }, { deletionProtection: false }),
  5: one(RDS, { backupRetentionPeriod: 7 }, { backupRetentionPeriod: 6 }),
  6: one(RDS, {}, { autoMinorVersionUpgrade: false }),
  7: one(RDS, { copyTagsToSnapshot: true }, {}),
  8: one(
    RDS,
    { enabledCloudwatchLogsExports: ["postgresql"] },
    { enabledCloudwatchLogsExports: ["upgrade"] },
  ),
  9: {
    good: [
      { type: RDS, refers: { parameterGroupName: "group" } },
      { type: "group", name: "group", props: { parameters: [{ name: "rds.force_ssl", value: "1" }] } },
    ],
    bad: [
      { type: RDS, refers: { parameterGroupName: "group" } },
      { type: "group", name: "group", props: { parameters: [{ name: "rds.force_ssl", value: "0" }] } },
    ],
  },
  10: one(RDS, { username: "app" }, { username: "postgres" }),
  11: one(RDS, { iamDatabaseAuthenticationEnabled: true }, {}),
  12: one(RDS, { caCertIdentifier: "rds-ca-rsa2048-g1" }, { caCertIdentifier: "rds-ca-2019" }),
  13: {
    good: [
      { type: RDS, props: { password: "x" }, refers: { password: "made-up" } },
      { type: "random:index/randomPassword:RandomPassword", name: "made-up" },
    ],
    bad: [{ type: RDS, props: { password: "x" } }],
  },
  14: one(RDS, { finalSnapshotIdentifier: "last" }, { skipFinalSnapshot: true }),
  15: beside("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", ALL_CLOSED, {
    ...ALL_CLOSED,
    restrictPublicBuckets: false,
  }),
  16: beside(
    POLICY,
    {
      policy: document({
        Effect: "Deny",
        Principal: "*",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    },
    { policy: document({ Effect: "Deny", Principal: "*", Condition: {} }) },
  ),
  17: beside(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    { rule: { objectOwnership: "BucketOwnerEnforced" } },
    { rule: { objectOwnership: "ObjectWriter" } },
  ),
  18: beside(
    "aws:s3/bucketVersioning:BucketVersioning",
    { versioningConfiguration: { status: "Enabled" } },
    { versioningConfiguration: { status: "Suspended" } },
  ),
  19: beside(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    { rules: [{ status: "Enabled", abortIncompleteMultipartUpload: { daysAfterInitiation: 1 } }] },
    { rules: [{ status: "Enabled", expiration: { days: 1 } }] },
  ),
  20: one(
    POLICY,
    { policy: document({ Effect: "Allow", Principal: { AWS: "arn:aws:iam::1:role/it" } }) },
    { policy: document({ Effect: "Allow", Principal: { AWS: "*" } }) },
  ),
  21: {
    good: [
      { type: BUCKET, name: "files" },
      {
        type: "aws:s3/bucketLogging:BucketLogging",
        props: { targetBucket: "logs" },
        refers: { bucket: "files", targetBucket: "logs" },
      },
      { type: BUCKET, name: "logs" },
    ],
    bad: [{ type: BUCKET, name: "files" }],
  },
  22: one(BUCKET, {}, { forceDestroy: true }),
  23: one(CDN, behavior(), {
    ...behavior(),
    orderedCacheBehaviors: [{ pathPattern: "/x", viewerProtocolPolicy: "allow-all" }],
  }),
  24: one(
    CDN,
    { viewerCertificate: { minimumProtocolVersion: "TLSv1.2_2021" } },
    { viewerCertificate: { cloudfrontDefaultCertificate: true } },
  ),
  25: one(CDN, { origins: [files({ originAccessControlId: "oac" })] }, { origins: [files()] }),
  26: one(
    CDN,
    { ...behavior(), origins: [files()], defaultRootObject: "index.html" },
    { ...behavior(), origins: [files()] },
  ),
  27: one(CDN, behavior(), behavior({ responseHeadersPolicyId: "" })),
  28: {
    good: [
      { type: CDN, name: "older", props: { loggingConfig: { bucket: "logs" } } },
      { type: CDN, name: "newer" },
      { type: LOG_SOURCE, refers: { resourceArn: "newer" } },
    ],
    bad: [{ type: CDN }],
  },
  29: one(CDN, { webAclId: "acl" }, {}),
  30: one(CDN, server(["TLSv1.2"]), server(["TLSv1", "TLSv1.2"])),
  31: one(
    PERMISSION,
    { principal: "apigateway.amazonaws.com", sourceArn: "arn" },
    { principal: "apigateway.amazonaws.com" },
  ),
  32: one(FUNCTION_URL, { authorizationType: "AWS_IAM" }, { authorizationType: "NONE" }),
  33: one(FUNCTION, { packageType: "Image" }, { runtime: "nodejs16.x" }),
  34: one(
    FUNCTION,
    { environment: { variables: { DATABASE_URL: "arn:aws:secretsmanager:eu-central-1:1:secret:it" } } },
    { environment: { variables: { DATABASE_URL: "postgres://app:x@db/app" } } },
  ),
  35: {
    good: [
      { type: "aws:apigatewayv2/route:Route", refers: { apiId: "api" } },
      {
        type: "aws:apigatewayv2/api:Api",
        name: "api",
        props: { tags: { "tristack.dev/public": "the shop" } },
      },
    ],
    bad: [
      { type: "aws:apigatewayv2/route:Route", refers: { apiId: "api" } },
      { type: "aws:apigatewayv2/api:Api", name: "api" },
    ],
  },
  36: one("aws:apigatewayv2/stage:Stage", { accessLogSettings: { format: "$context.requestId" } }, {}),
  37: one("aws:cloudwatch/logGroup:LogGroup", { retentionInDays: 30 }, {}),
  38: (() => {
    const url = { type: FUNCTION_URL, name: "url", refers: { functionName: "function" } };
    const permission = (action: string) => ({
      type: PERMISSION,
      name: action,
      props: { principal: "cloudfront.amazonaws.com", action },
      refers: { function: "function" },
    });
    const function_ = { type: FUNCTION, name: "function" };
    const first = permission("lambda:InvokeFunctionUrl");
    return {
      good: [function_, url, first, permission("lambda:InvokeFunction")],
      bad: [function_, url, first],
    };
  })(),
  39: one(
    "aws:ec2/instance:Instance",
    { metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 } },
    { metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 2 } },
  ),
  40: one(
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    { cidrIpv4: "0.0.0.0/0", fromPort: 443, toPort: 443, ipProtocol: "tcp" },
    { cidrIpv4: "0.0.0.0/0", fromPort: 20, toPort: 30, ipProtocol: "tcp" },
  ),
  41: {
    good: [
      { type: VPC, name: "vpc" },
      { type: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", name: "closed", refers: { vpcId: "vpc" } },
    ],
    bad: [{ type: VPC, name: "vpc" }],
  },
  42: one("aws:ec2/instance:Instance", { rootBlockDevice: { encrypted: true } }, {}),
  43: one("aws:ec2/subnet:Subnet", { mapPublicIpOnLaunch: false }, { mapPublicIpOnLaunch: true }),
  44: {
    good: [
      { type: VPC, name: "vpc" },
      { type: "aws:ec2/flowLog:FlowLog", name: "flows", refers: { vpcId: "vpc" } },
    ],
    bad: [{ type: VPC, name: "vpc" }],
  },
  45: one(ROLE_POLICY, allow("s3:GetObject", "*"), allow("*", "*")),
  46: one(ROLE_POLICY, allow(["s3:GetObject"]), allow(["s3:*"])),
  47: one(
    "aws:iam/role:Role",
    trustOfGithub({
      [`${GITHUB}:aud`]: "sts.amazonaws.com",
      [`${GITHUB}:sub`]: "repo:myorg/myapp:environment:production",
    }),
    trustOfGithub({ [`${GITHUB}:aud`]: "sts.amazonaws.com", [`${GITHUB}:sub`]: "repo:myorg/*" }),
  ),
  48: { good: [{ type: "aws:iam/role:Role" }], bad: [{ type: "aws:iam/user:User" }] },
  49: one("aws:kms/key:Key", { enableKeyRotation: true }, {}),
  50: one(
    "aws:ecr/repository:Repository",
    { imageTagMutability: "IMMUTABLE", imageScanningConfiguration: { scanOnPush: true } },
    { imageTagMutability: "MUTABLE", imageScanningConfiguration: { scanOnPush: true } },
  ),
  51: {
    kind: "preview",
    ...one(
      "pulumi:providers:aws",
      {
        defaultTags: JSON.stringify({
          tags: {
            "dev.tristack.project": "shop",
            "dev.tristack.stack": "pr-7",
            "dev.tristack.expires-at": "2026-12-24T00:00:00Z",
          },
        }),
      },
      { defaultTags: { tags: { "dev.tristack.project": "shop", "dev.tristack.stack": "pr-7" } } },
    ),
  },
};
