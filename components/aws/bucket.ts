/** A bucket of S3 that is open to nobody, keeps what is overwritten for a while, and takes requests by TLS alone. */
import * as pulumi from "@pulumi/pulumi";
import * as aws from "./sdk.ts";

export interface BucketArgs {
  /** Days after which an object goes; left out, it stays. */
  expireDays?: number;
  /** Days that a version which was overwritten or deleted is kept. */
  keepVersionsDays: number;
  /** Bucket that who-read-what is written to, one that `takesLogsOf` S3; left out, nothing is. */
  logs?: Bucket;
  /** Service of AWS that writes logs to it, for this account alone. Left out, none does. */
  takesLogsOf?: "logging.s3.amazonaws.com" | "delivery.logs.amazonaws.com";
  /** Whether it goes with all that is in it: for environments that were meant to go. */
  emptied: boolean;
  /** More statements of its policy, such as that a distribution may read it. */
  statements?: (arn: pulumi.Output<string>) => pulumi.Input<aws.iam.PolicyStatement>[];
  protect: boolean;
}

export class Bucket extends pulumi.ComponentResource {
  readonly bucket: aws.s3.Bucket;

  constructor(name: string, args: BucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Bucket", name, {}, opts);
    const within = { parent: this };
    const made = new aws.s3.Bucket(
      name,
      { forceDestroy: args.emptied },
      { parent: this, protect: args.protect },
    );
    const bucket = made.id;
    const closed = new aws.s3.BucketPublicAccessBlock(
      name,
      {
        bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      within,
    );
    new aws.s3.BucketOwnershipControls(
      name,
      { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
      within,
    );
    const versioned = new aws.s3.BucketVersioning(
      name,
      { bucket, versioningConfiguration: { status: "Enabled" } },
      within,
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      name,
      { bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
      within,
    );
    new aws.s3.BucketLifecycleConfiguration(
      name,
      {
        bucket,
        rules: [
          {
            id: "tidy",
            status: "Enabled",
            filter: {},
            ...(args.expireDays === undefined ? {} : { expiration: { days: args.expireDays } }),
            noncurrentVersionExpiration: { noncurrentDays: args.keepVersionsDays },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ],
      },
      { ...within, dependsOn: [versioned] },
    );
    if (args.logs)
      new aws.s3.BucketLogging(
        name,
        { bucket, targetBucket: args.logs.bucket.id, targetPrefix: `${name}/` },
        // S3 refuses a target that does not let it write.
        { ...within, dependsOn: [args.logs] },
      );
    new aws.s3.BucketPolicy(
      name,
      {
        bucket,
        policy: pulumi.jsonStringify({
          Version: "2012-10-17",
          Statement: [
            {
              Sid: "RefuseWhatIsNotEncryptedOnTheWay",
              Effect: "Deny",
              Principal: { AWS: "*" },
              Action: "s3:*",
              Resource: [made.arn, pulumi.interpolate`${made.arn}/*`],
              Condition: { Bool: { "aws:SecureTransport": "false" } },
            },
            ...(args.takesLogsOf ? [this.#writtenBy(args.takesLogsOf, made.arn)] : []),
            ...(args.statements?.(made.arn) ?? []),
          ],
        }),
      },
      // AWS refuses the two at the same time.
      { ...within, dependsOn: [closed] },
    );
    this.bucket = made;
    this.registerOutputs({ bucket });
  }

  #writtenBy(service: string, arn: pulumi.Output<string>) {
    const account = aws.getCallerIdentityOutput({}, { parent: this }).accountId;
    return {
      Sid: "LogsOfThisAccount",
      Effect: "Allow" as const,
      Principal: { Service: service },
      Action: ["s3:PutObject"],
      Resource: pulumi.interpolate`${arn}/*`,
      Condition: { StringEquals: { "aws:SourceAccount": account } },
    };
  }
}
