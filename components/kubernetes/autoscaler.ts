/** As many pods as are needed, between two bounds. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Service } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { labelsOf } from "./labels.ts";
import type { Owned } from "./delivery.ts";

export interface AutoscalerArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
  autoscale: NonNullable<Service["autoscale"]>;
  /** What makes its pods. */
  owned: Owned;
  /** Fewest pods. */
  least: number;
}

/** Its behavior is the source document's: up at once, down by halves after five quiet minutes. */
export function autoscaler(name: string, args: AutoscalerArgs, opts: pulumi.CustomResourceOptions) {
  const { owner, namespace, owned, autoscale, least } = args;
  const metric = (of: string, averageUtilization: number) => ({
    type: "Resource",
    resource: { name: of, target: { type: "Utilization", averageUtilization } },
  });
  return new kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
    name,
    {
      metadata: { name: `${name}-hpa`, namespace, labels: labelsOf(owner, name) },
      spec: {
        scaleTargetRef: { ...owned, name },
        minReplicas: least,
        maxReplicas: autoscale.maxReplicas,
        metrics: [metric("cpu", autoscale.cpu), metric("memory", autoscale.memory)],
        behavior: {
          scaleDown: {
            stabilizationWindowSeconds: 300,
            policies: [{ type: "Percent", value: 50, periodSeconds: 60 }],
          },
          scaleUp: {
            stabilizationWindowSeconds: 0,
            policies: [
              { type: "Percent", value: 100, periodSeconds: 15 },
              { type: "Pods", value: 4, periodSeconds: 15 },
            ],
            selectPolicy: "Max",
          },
        },
      },
    },
    opts,
  );
}
