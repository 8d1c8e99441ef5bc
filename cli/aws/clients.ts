/** Clients of AWS in a stack's region, with credentials of AWS's own chain; and its errors in the user's words. */
import { CloudFrontClient } from "@aws-sdk/client-cloudfront";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECRClient } from "@aws-sdk/client-ecr";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { failed, messageOf } from "../errors.ts";

export class Clients {
  readonly lambda: LambdaClient;
  readonly metrics: CloudWatchClient;
  readonly logs: CloudWatchLogsClient;
  readonly registry: ECRClient;
  readonly s3: S3Client;
  /** CloudFront is in one region alone. */
  readonly cdn = new CloudFrontClient({ region: "us-east-1" });

  constructor(region: string) {
    this.lambda = new LambdaClient({ region });
    this.metrics = new CloudWatchClient({ region });
    this.logs = new CloudWatchLogsClient({ region });
    this.registry = new ECRClient({ region });
    // An address of its own has no subdomains for buckets.
    this.s3 = new S3Client({ region, forcePathStyle: process.env.AWS_ENDPOINT_URL_S3 !== undefined });
  }
}

/** What AWS answers. @throws CliError in AWS's own words */
export async function asked<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw awsError(error);
  }
}

/** The same; undefined where it has no such thing. */
export async function orIfMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNamed(error, "ResourceNotFoundException", "NoSuchKey", "NoSuchBucket", "NotFound"))
      return undefined;
    throw awsError(error);
  }
}

export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

function awsError(error: unknown): Error {
  const name = error instanceof Error ? error.name : "";
  if (name === "CredentialsProviderError")
    return failed(
      `There are no credentials for AWS: ${messageOf(error)}; needs AWS_PROFILE, or what \`aws configure\` sets`,
      error,
    );
  const answered = typeof error === "object" && error !== null && "$metadata" in error;
  if (!answered) return failed(`AWS cannot be reached: ${messageOf(error)}`, error);
  return failed(`AWS says no (${name}): ${messageOf(error)}`, error);
}
