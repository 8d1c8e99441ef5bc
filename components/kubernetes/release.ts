/** How the pods of a service are replaced: by a Deployment of Kubernetes' own, or by a Rollout of Argo's. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type Owned, type ReleaseArgs, commonSpec, gradualOf } from "./delivery.ts";
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
  const deployment = new kubernetes.apps.v1.Deployment(
    name,
    {
      metadata: { name, namespace: args.namespace, labels: args.labels },
      spec: {
        ...commonSpec(name, args),
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      },
    },
    { ...opts, customTimeouts: { create: "10m", update: "10m" } },
  );
  if (args.settings.port !== undefined)
    service(name, name, args, { parent: opts.parent, dependsOn: [deployment] });
  return { owned: { apiVersion: "apps/v1", kind: "Deployment" }, serves: deployment.urn };
}
