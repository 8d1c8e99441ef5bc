/** A bucket of S3 that is open to nobody, keeps what is overwritten for a while, and takes requests by TLS alone. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface BucketArgs {
  /** Days after which an object goes; left out, it stays. */
  expireDays?: number;
  /** Days that a version which was overwritten or deleted is kept. */
  keepVersionsDays: number;
  /** Bucket that who-read-what is written to; left out, nothing is. */
  logs?: aws.s3.Bucket;
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
        { bucket, targetBucket: args.logs.id, targetPrefix: `${name}/` },
        within,
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
              Principal: "*",
              Action: "s3:*",
              Resource: [made.arn, pulumi.interpolate`${made.arn}/*`],
              Condition: { Bool: { "aws:SecureTransport": "false" } },
            },
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
}
