/** The migration of one service: a Job that runs once per release, before any pod of that release. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { fingerprint } from "../shared/names.ts";
import { type FlowsArgs, flows } from "./flow.ts";
import { labelsOf } from "./labels.ts";

export interface MigrationArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
  /** Version of the release. */
  version: string;
  /** Image with tag or digest. A new one is a new migration. */
  image: string;
  command: string[];
  /** A pod of the service, with the command in the place of its own. */
  pod: kubernetes.types.input.core.v1.PodSpec;
  /** Whom it may reach: as the service. */
  egress: FlowsArgs["egress"];
}

/** Longest that a migration may take. */
const LIMIT_SECONDS = 900;

export class Migration extends pulumi.ComponentResource {
  constructor(name: string, args: MigrationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:Migration", name, {}, opts);
    const { owner, namespace, version, image, command } = args;
    flows({ owner, namespace, part: name, ingress: [], egress: args.egress }, { parent: this });
    // Named by what it does: a new release has a new Job, and what has run once does not run again.
    const jobName = `${name}-${fingerprint({ version, image, command })}`;
    new kubernetes.batch.v1.Job(
      jobName,
      {
        metadata: { name: jobName, namespace, labels: labelsOf(owner, name, version) },
        spec: {
          // A migration that failed is somebody's to look at: repeating it mends nothing.
          backoffLimit: 0,
          activeDeadlineSeconds: LIMIT_SECONDS,
          template: {
            metadata: { labels: labelsOf(owner, name, version) },
            spec: args.pod,
          },
        },
      },
      // Its variables and secrets may change afterwards: what has run has run.
      { parent: this, ignoreChanges: ["spec"], customTimeouts: { create: `${LIMIT_SECONDS}s` } },
    );
    this.registerOutputs({});
  }
}
