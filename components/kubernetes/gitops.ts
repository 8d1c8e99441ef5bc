/**
 * Argo CD applies the stack, from what `tristack render` has written into a repository. Each object has one owner: the
 * namespace, what limits it, the Secrets and this Application are Pulumi's; all else is Argo CD's.
 */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesSettings } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { labelsOf } from "./labels.ts";

export interface GitOpsArgs {
  owner: Owner;
  /** Namespace of the stack. */
  namespace: pulumi.Input<string>;
  settings: NonNullable<KubernetesSettings["gitops"]>;
  /** Deployments whose number of pods is an autoscaler's. */
  autoscaled: string[];
}

export class GitOps extends pulumi.ComponentResource {
  constructor(name: string, args: GitOpsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:GitOps", name, {}, opts);
    const { owner, namespace, settings } = args;
    new kubernetes.apiextensions.CustomResource(
      "application",
      {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Application",
        metadata: {
          name: `${owner.project}-${owner.stack}`,
          namespace: settings.namespace,
          labels: labelsOf(owner, "gitops"),
        },
        spec: {
          project: settings.project,
          source: {
            repoURL: settings.repository,
            targetRevision: settings.revision,
            path: settings.path ?? `kubernetes/overlays/${owner.stack}`,
          },
          destination: { server: "https://kubernetes.default.svc", namespace },
          syncPolicy: {
            automated: { prune: true, selfHeal: true, allowEmpty: false },
            // What is no more goes after what takes its place is there: pods that still run have their configuration.
            syncOptions: ["CreateNamespace=true", "PruneLast=true", "RespectIgnoreDifferences=true"],
            retry: { limit: 5, backoff: { duration: "5s", factor: 2, maxDuration: "3m" } },
          },
          ignoreDifferences: args.autoscaled.map((deployment) => ({
            group: "apps",
            kind: "Deployment",
            name: deployment,
            jsonPointers: ["/spec/replicas"],
          })),
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
