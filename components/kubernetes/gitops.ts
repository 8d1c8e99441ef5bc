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
  /** Services whose number of pods is an autoscaler's. */
  autoscaled: string[];
  /** Whether Argo Rollouts moves the traffic. */
  gradual: boolean;
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
          ignoreDifferences: ofOthers(args),
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** What controllers of the cluster write while they work: put back, it would undo that work. */
function ofOthers({ autoscaled, gradual }: GitOpsArgs): object[] {
  const kind = gradual ? { group: "argoproj.io", kind: "Rollout" } : { group: "apps", kind: "Deployment" };
  const numbers = autoscaled.map((name) => ({ ...kind, name, jsonPointers: ["/spec/replicas"] }));
  if (!gradual) return numbers;
  return [
    ...numbers,
    { group: "", kind: "Service", jqPathExpressions: ['.spec.selector["rollouts-pod-template-hash"]'] },
    {
      group: "traefik.io",
      kind: "TraefikService",
      jqPathExpressions: [".spec.weighted.services[].weight"],
    },
  ];
}
