/**
 * What a stack of the target `cluster` exports: how its cluster is reached, for the stacks that run on it.
 * schemas/generated/cluster-outputs.schema.json is generated from this file.
 */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { costSchema } from "./shared/cost.ts";
import { type ClusterSettings, isProtected } from "./settings.ts";
import type { Owner } from "./shared/labels.ts";

export const CLUSTER_OUTPUTS_VERSION = "1.0.0";

export const clusterOutputsSchema = z.strictObject({
  schemaVersion: z.literal(CLUSTER_OUTPUTS_VERSION).describe("Version of this contract."),
  environment: z
    .strictObject({
      name: z.string().min(1).describe("The stack."),
      kind: z.enum(["local", "staging", "production", "preview"]).describe("What it is for."),
    })
    .describe("Which environment this is."),
  target: z.literal("cluster").describe("A cluster alone."),
  cluster: z
    .strictObject({
      name: z.string().describe("Its name at AWS."),
      endpoint: z.string().describe("URL of its API."),
      region: z.string().describe("Region of AWS."),
      version: z.string().describe("Minor version of Kubernetes."),
    })
    .describe("The cluster."),
  kubeconfig: z
    .string()
    .describe(
      "What `cluster.stack` of the stacks on it reads. No credentials are in it: `aws eks get-token` gets them for whoever asks.",
    ),
  cost: costSchema,
  protected: z.boolean().describe("Whether the cluster and its network refuse to be deleted."),
});

export type ClusterOutputs = z.infer<typeof clusterOutputsSchema>;

/** What is only known once the cluster is there. */
interface Made {
  readonly name: pulumi.Output<string>;
  readonly endpoint: pulumi.Output<string>;
  readonly kubeconfig: pulumi.Output<string>;
  readonly cost: pulumi.Output<ClusterOutputs["cost"]>;
}

export function assembleClusterOutputs(
  { environment, cluster }: ClusterSettings,
  owner: Owner,
  { name, endpoint, kubeconfig, cost }: Made,
) {
  return {
    schemaVersion: CLUSTER_OUTPUTS_VERSION,
    environment: { name: owner.stack, kind: environment.kind },
    target: "cluster",
    cluster: { name, endpoint, region: cluster.region, version: cluster.version },
    kubeconfig,
    cost,
    protected: isProtected(environment.kind),
  };
}
