/** Buckets of S3. */
import { statementsOf } from "../documents.ts";
import { type Rule, accompanied, at, listAt, ofType } from "../rule.ts";

const BUCKET = "aws:s3/bucket:Bucket";
const POLICY = "aws:s3/bucketPolicy:BucketPolicy";
const LOGGING = "aws:s3/bucketLogging:BucketLogging";
const property = "bucket";

const withoutAccessLog = accompanied(BUCKET, {
  type: LOGGING,
  property,
  holds: (props) => props.targetBucket !== undefined,
});

export const s3Rules: readonly Rule[] = [
  {
    number: 15,
    name: "s3-private",
    ids: ["S3.8", "CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56"],
    meaning: "A bucket is open to nobody, whatever its policy says.",
    breaches: accompanied(BUCKET, {
      type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
      property,
      holds: (props) =>
        ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"].every(
          (key) => props[key] === true,
        ),
    }),
  },
  {
    number: 16,
    name: "s3-tls",
    ids: ["S3.5", "CKV_AWS_379"],
    meaning: "A bucket refuses requests without TLS.",
    breaches: accompanied(BUCKET, {
      type: POLICY,
      property,
      holds: ({ policy }) =>
        statementsOf(policy).some(
          ({ effect, condition }) =>
            effect === "Deny" && String(condition.Bool?.["aws:SecureTransport"]) === "false",
        ),
    }),
  },
  {
    number: 17,
    name: "s3-no-acls",
    ids: ["S3.12", "CKV2_AWS_65"],
    meaning: "Everything in a bucket belongs to its owner: lists of access are off.",
    breaches: accompanied(BUCKET, {
      type: "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
      property,
      holds: (props) => at(props, "rule", "objectOwnership") === "BucketOwnerEnforced",
    }),
  },
  {
    number: 18,
    name: "s3-versioned",
    ids: ["S3.14", "CKV_AWS_21"],
    meaning: "A bucket keeps what is overwritten and deleted.",
    breaches: accompanied(BUCKET, {
      type: "aws:s3/bucketVersioning:BucketVersioning",
      property,
      holds: (props) => at(props, "versioningConfiguration", "status") === "Enabled",
    }),
  },
  {
    number: 19,
    name: "s3-lifecycle",
    ids: ["S3.13", "CKV_AWS_300"],
    meaning: "A bucket says when something goes, and gives up uploads that were never ended.",
    breaches: accompanied(BUCKET, {
      type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
      property,
      holds: (props) =>
        listAt(props, "rules").some(
          (rule) =>
            at(rule, "abortIncompleteMultipartUpload") !== undefined && at(rule, "status") === "Enabled",
        ),
    }),
  },
  {
    number: 20,
    name: "s3-no-everybody",
    ids: ["CKV_AWS_70"],
    meaning: "A bucket's policy lets nobody in without naming them.",
    types: [POLICY],
    holds: ({ policy }) =>
      statementsOf(policy).every(({ effect, principals }) => effect !== "Allow" || !principals.includes("*")),
  },
  {
    number: 21,
    name: "s3-access-log",
    ids: ["S3.9", "CKV_AWS_18"],
    meaning: "Who read and wrote a bucket is kept, but of the one that this is kept in.",
    advisory: true,
    kinds: ["staging", "production"],
    breaches: (all, kind) => {
      const takers = ofType(all, LOGGING).flatMap((one) => one.refersTo("targetBucket"));
      return withoutAccessLog(all, kind).filter((one) => !takers.includes(one));
    },
  },
  {
    number: 22,
    name: "s3-not-emptied",
    ids: ["own"],
    meaning: "A bucket goes with what is in it only where the environment was meant to go.",
    types: [BUCKET],
    kinds: ["staging", "production"],
    holds: (props) => props.forceDestroy !== true,
  },
];
