/** Clients of AWS in a stack's region, with credentials of AWS's own chain. */
import { CloudFrontClient } from "@aws-sdk/client-cloudfront";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECRClient } from "@aws-sdk/client-ecr";
import { LambdaClient } from "@aws-sdk/client-lambda";
import type { S3Client } from "@aws-sdk/client-s3";
import { s3Client } from "./bucket.ts";

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
    this.s3 = s3Client(region);
  }
}
