/** How the pods of a service are replaced: by a Deployment of Kubernetes' own, or by a Rollout of Argo's. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { seconds } from "../shared/units.ts";
import { type Owned, type ReleaseArgs, commonSpec, gradualOf, scaledByOthers } from "./delivery.ts";
import { ROLLOUT, rollout } from "./rollout.ts";
import { service } from "./service.ts";

export interface Released {
  owned: Owned;
  /** Known once the release serves; fails where it does not get there. */
  serves: pulumi.Output<unknown>;
}

export function release(name: string, args: ReleaseArgs, opts: pulumi.CustomResourceOptions): Released {
  const gradual = gradualOf(args.delivery, args.settings);
  if (gradual) return { owned: ROLLOUT, serves: rollout(name, { ...args, delivery: gradual }, opts) };
  const patience = `${patienceOf(args)}s`;
  const deployment = new kubernetes.apps.v1.Deployment(
    name,
    {
      metadata: { name, namespace: args.namespace, labels: args.labels },
      spec: {
        ...commonSpec(name, args),
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      },
    },
    { ...opts, ...scaledByOthers(args.settings), customTimeouts: { create: patience, update: patience } },
  );
  if (args.settings.port !== undefined)
    service(name, name, args, { parent: opts.parent, dependsOn: [deployment] });
  return { owned: { apiVersion: "apps/v1", kind: "Deployment" }, serves: deployment.urn };
}

/** Pulumi's own limit, at which it gives up a Deployment that may well be on its way. */
const LONGEST_SECONDS = 600;

/**
 * Longest time that a release may take: pod after pod, each as long as a new one may take to start. Pulumi waits for all
 * of it, even when Kubernetes has given up long before (ProgressDeadlineExceeded).
 */
function patienceOf({ settings, progressSeconds }: ReleaseArgs): number {
  const pods = settings.autoscale?.maxReplicas ?? settings.replicas;
  return Math.min(LONGEST_SECONDS, progressSeconds + (pods - 1) * seconds(settings.health.startup));
}
