/** Where the records of a stack at AWS are kept: the ledger of its releases, its last deploy. The command line writes them. */
import * as pulumi from "@pulumi/pulumi";
import { Bucket, type BucketArgs } from "./bucket.ts";

export class Records extends pulumi.ComponentResource {
  /** `s3:` and the name of the bucket. */
  readonly statusRef: pulumi.Output<string>;

  constructor(
    name: string,
    { protect, logs }: Pick<BucketArgs, "protect" | "logs">,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("tristack:aws:Records", name, {}, opts);
    const { bucket } = new Bucket(
      name,
      { keepVersionsDays: 30, logs, emptied: !protect, protect },
      { parent: this },
    );
    this.statusRef = pulumi.interpolate`s3:${bucket.id}`;
    this.registerOutputs({ statusRef: this.statusRef });
  }
}
