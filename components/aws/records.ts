/** Where the records of a stack at AWS are kept: the ledger of its releases, its last deploy. The command line writes them. */
import * as pulumi from "@pulumi/pulumi";
import { Bucket } from "./bucket.ts";

export class Records extends pulumi.ComponentResource {
  /** `s3:` and the name of the bucket. */
  readonly statusRef: pulumi.Output<string>;

  constructor(name: string, { protect }: { protect: boolean }, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Records", name, {}, opts);
    const { bucket } = new Bucket(
      name,
      { keepVersionsDays: 30, emptied: !protect, protect },
      { parent: this },
    );
    this.statusRef = pulumi.interpolate`s3:${bucket.id}`;
    this.registerOutputs({ statusRef: this.statusRef });
  }
}
