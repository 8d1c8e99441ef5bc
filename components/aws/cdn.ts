/** The distribution in front of it all: CloudFront. Hashed files come from S3, everything else from the API. */
import * as pulumi from "@pulumi/pulumi";
import { Bucket } from "./bucket.ts";
import { type FirewallArgs, firewall } from "./firewall.ts";
import { ORIGIN_KEY_HEADER } from "./origin-key.ts";
import * as aws from "./sdk.ts";

export interface CdnArgs {
  domain: string;
  zoneId: pulumi.Input<string>;
  /** Of us-east-1. */
  certificateArn: pulumi.Input<string>;
  /** Host name of the API, and what it wants to see from us. */
  api: { host: pulumi.Input<string>; key: pulumi.Input<string> };
  /** Path prefixes that are never kept, such as /api. */
  uncached: readonly string[];
  /** Path prefixes of files whose names hold a hash. */
  assets: readonly string[];
  /** Days that the log of requests is kept. Left out, there is none. */
  logDays?: number;
  /** Whether it has a firewall, 8 USD a month and 0.60 USD for a million requests. */
  firewall?: FirewallArgs;
  /** What takes the logs of who read its buckets. Left out, nobody asks. */
  accessLog?: Bucket;
  protect: boolean;
}

/** AWS' own policies: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html */
const MANAGED = {
  cachingDisabled: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
  cachingOptimized: "658327ea-f89d-4fab-a63d-7e88639e58f6",
  allViewerExceptHostHeader: "b689b0a8-53d0-40ab-baf2-68738e2966ac",
} as const;

const READING = ["GET", "HEAD"];
const ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"];
const API = "api";
const ASSETS = "assets";
/** Where an asset is looked for first: a release that was not uploaded still has its own. */
const ASSETS_OR_API = "assets-or-api";
const YEAR = 31_536_000;

export class Cdn extends pulumi.ComponentResource {
  readonly distribution: aws.cloudfront.Distribution;
  /** Bucket of the hashed files: /_next/static/x.js is the object _next/static/x.js. */
  readonly assetsBucket: pulumi.Output<string>;

  constructor(name: string, args: CdnArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Cdn", name, {}, opts);
    const within = { parent: this };
    const { domain } = args;
    const [distributionArn, knowDistributionArn] = pulumi.deferredOutput<string>();
    const { bucket } = new Bucket(
      `${name}-assets`,
      {
        // Of the last releases; those of this one are uploaded anew by each deploy.
        keepVersionsDays: 7,
        emptied: !args.protect,
        protect: false,
        logs: args.accessLog,
        statements: (arn) => [readBy(distributionArn, arn)],
      },
      within,
    );
    const access = new aws.cloudfront.OriginAccessControl(
      name,
      { originAccessControlOriginType: "s3", signingBehavior: "always", signingProtocol: "sigv4" },
      within,
    );
    const headers = responseHeaders(name, within);
    const answered = {
      viewerProtocolPolicy: "redirect-to-https",
      compress: true,
      responseHeadersPolicyId: headers.id,
    };
    const dynamic = {
      ...answered,
      targetOriginId: API,
      allowedMethods: ALL_METHODS,
      cachedMethods: READING,
      originRequestPolicyId: MANAGED.allViewerExceptHostHeader,
    };
    this.distribution = new aws.cloudfront.Distribution(
      name,
      {
        enabled: true,
        comment: domain,
        aliases: [domain],
        httpVersion: "http2and3",
        isIpv6Enabled: true,
        // North America and Europe; the others are reached from there.
        priceClass: "PriceClass_100",
        origins: [
          {
            originId: API,
            domainName: args.api.host,
            customOriginConfig: {
              httpPort: 80,
              httpsPort: 443,
              originProtocolPolicy: "https-only",
              originSslProtocols: ["TLSv1.2"],
            },
            customHeaders: [{ name: ORIGIN_KEY_HEADER, value: args.api.key }],
          },
          {
            originId: ASSETS,
            domainName: bucket.bucketRegionalDomainName,
            originAccessControlId: access.id,
          },
        ],
        originGroups: [
          {
            originId: ASSETS_OR_API,
            failoverCriteria: { statusCodes: [403, 404] },
            members: [{ originId: ASSETS }, { originId: API }],
          },
        ],
        // Pages say by themselves how long they may be kept; those that say nothing are not.
        defaultCacheBehavior: { ...dynamic, cachePolicyId: pageCaching(name, within).id },
        orderedCacheBehaviors: [
          ...args.assets.map((path) => ({
            ...answered,
            pathPattern: `${path}/*`,
            targetOriginId: ASSETS_OR_API,
            allowedMethods: READING,
            cachedMethods: READING,
            cachePolicyId: MANAGED.cachingOptimized,
          })),
          ...args.uncached
            .flatMap((path) => [path, `${path}/*`])
            .map((pathPattern) => ({ ...dynamic, pathPattern, cachePolicyId: MANAGED.cachingDisabled })),
        ],
        restrictions: { geoRestriction: { restrictionType: "none" } },
        viewerCertificate: {
          acmCertificateArn: args.certificateArn,
          sslSupportMethod: "sni-only",
          minimumProtocolVersion: "TLSv1.2_2021",
        },
        webAclId: args.firewall && firewall(name, args.firewall, this),
        // Five minutes at most, and an update that fails says so.
        waitForDeployment: true,
      },
      { ...within, protect: args.protect },
    );
    knowDistributionArn(this.distribution.arn);
    if (args.logDays !== undefined) this.#log(name, args.logDays, args);
    for (const type of ["A", "AAAA"] as const)
      new aws.route53.Record(
        `${name}-${type.toLowerCase()}`,
        {
          zoneId: args.zoneId,
          name: domain,
          type,
          aliases: [
            {
              name: this.distribution.domainName,
              zoneId: this.distribution.hostedZoneId,
              evaluateTargetHealth: false,
            },
          ],
        },
        within,
      );
    this.assetsBucket = bucket.id;
    this.registerOutputs({ domain });
  }

  /** By the second kind of logging: the first one writes to buckets that take ACLs, which ours do not. */
  #log(name: string, expireDays: number, { protect, accessLog }: CdnArgs): void {
    const within = { parent: this };
    const { bucket } = new Bucket(
      `${name}-log`,
      {
        expireDays,
        keepVersionsDays: 1,
        emptied: !protect,
        protect,
        logs: accessLog,
        takesLogsOf: "delivery.logs.amazonaws.com",
      },
      within,
    );
    // CloudFront's own are in this region, whatever the stack's is.
    const region = "us-east-1";
    const source = new aws.cloudwatch.LogDeliverySource(
      name,
      { name: deliveryName(name), logType: "ACCESS_LOGS", resourceArn: this.distribution.arn, region },
      within,
    );
    const destination = new aws.cloudwatch.LogDeliveryDestination(
      name,
      {
        name: deliveryName(name),
        outputFormat: "json",
        deliveryDestinationConfiguration: { destinationResourceArn: bucket.arn },
        region,
      },
      within,
    );
    new aws.cloudwatch.LogDelivery(
      name,
      { deliverySourceName: source.name, deliveryDestinationArn: destination.arn, region },
      within,
    );
  }
}

/** A name of CloudWatch's, which gives none by itself. */
function deliveryName(name: string): string {
  return `${pulumi.getProject()}-${pulumi.getStack()}-${name}`;
}

function readBy(distributionArn: pulumi.Output<string>, bucketArn: pulumi.Output<string>) {
  return {
    Sid: "ReadByTheDistribution",
    Effect: "Allow" as const,
    Principal: { Service: "cloudfront.amazonaws.com" },
    Action: ["s3:GetObject"],
    Resource: [pulumi.interpolate`${bucketArn}/*`],
    Condition: { StringEquals: { "AWS:SourceArn": distributionArn } },
  };
}

/** As the page's own Cache-Control says, apart for each query and each cookie: nobody sees what was made for another. */
function pageCaching(name: string, opts: pulumi.CustomResourceOptions): aws.cloudfront.CachePolicy {
  return new aws.cloudfront.CachePolicy(
    name,
    {
      comment: "as the page says",
      minTtl: 0,
      defaultTtl: 0,
      maxTtl: YEAR,
      parametersInCacheKeyAndForwardedToOrigin: {
        enableAcceptEncodingBrotli: true,
        enableAcceptEncodingGzip: true,
        cookiesConfig: { cookieBehavior: "all" },
        queryStringsConfig: { queryStringBehavior: "all" },
        headersConfig: {
          headerBehavior: "whitelist",
          // What Next.js answers differently to: https://nextjs.org/docs/app/guides/cdn-caching
          headers: { items: ["authorization", "rsc", "next-router-prefetch", "next-router-state-tree"] },
        },
      },
    },
    opts,
  );
}

/** What every answer carries; where the application has its own, that one stays. */
function responseHeaders(
  name: string,
  opts: pulumi.CustomResourceOptions,
): aws.cloudfront.ResponseHeadersPolicy {
  return new aws.cloudfront.ResponseHeadersPolicy(
    name,
    {
      comment: "security headers",
      securityHeadersConfig: {
        strictTransportSecurity: { accessControlMaxAgeSec: YEAR, includeSubdomains: false, override: false },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: "SAMEORIGIN", override: false },
        referrerPolicy: { referrerPolicy: "strict-origin-when-cross-origin", override: false },
      },
    },
    opts,
  );
}
