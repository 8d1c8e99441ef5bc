/** What is the same however the pods of a service are replaced. */
import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { KubernetesSettings, Service as ServiceSettings } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { selectorOf } from "./labels.ts";
import type { ClusterAccess } from "./cluster-access.ts";

export type Delivery = KubernetesSettings["delivery"];
/** A delivery by Argo Rollouts. */
export type Gradual = Exclude<Delivery, { strategy: "rolling" }>;

export interface ReleaseArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
  settings: ServiceSettings;
  delivery: Delivery;
  /** What sends requests to it. */
  router: KubernetesSettings["proxy"]["mode"];
  /** Where a Rollout is asked how far it is. */
  cluster: ClusterAccess;
  labels: Record<string, string>;
  /** Pod template. */
  template: kubernetes.types.input.core.v1.PodTemplateSpec;
  /** Longest time that a pod may take to replace another. */
  progressSeconds: number;
}

/** What its pods are owned by, as an autoscaler names it. */
export interface Owned {
  apiVersion: string;
  kind: string;
}

/** ReplicaSets that are kept to go back to, as many as releases are in the ledger. */
export const HISTORY = 5;

/** How a service is delivered: what takes no requests from outside has no traffic to be moved by shares. */
export function gradualOf(
  delivery: Delivery,
  { port, routes }: Pick<ServiceSettings, "port" | "routes">,
): Gradual | undefined {
  if (delivery.strategy === "rolling" || port === undefined || routes.length === 0) return undefined;
  return delivery;
}

/** Label that tells the pods of one release from those of another. */
export function templateLabel(gradual: Gradual | undefined): string {
  return gradual ? "rollouts-pod-template-hash" : "pod-template-hash";
}

/**
 * Under an autoscaler the number of pods is its own business, after the first ones. Leaving the number out would not do: a
 * field that Server-Side Apply no longer finds goes back to its default, and turning `autoscale` on left one pod of fifty.
 */
export function scaledByOthers({ autoscale }: ServiceSettings): { ignoreChanges?: string[] } {
  return autoscale ? { ignoreChanges: ["spec.replicas"] } : {};
}

/** What a Deployment and a Rollout have in common. */
export function commonSpec(name: string, args: Omit<ReleaseArgs, "delivery">) {
  const { owner, settings, template, progressSeconds } = args;
  return {
    replicas: settings.replicas,
    revisionHistoryLimit: HISTORY,
    progressDeadlineSeconds: progressSeconds,
    selector: { matchLabels: selectorOf(owner, name) },
    template,
  };
}
