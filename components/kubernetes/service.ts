/** A Service of the application. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { labelsOf, selectorOf } from "./labels.ts";

/** Port of every Service of the application, as the source document has it. */
export const SERVICE_PORT = 80;

export interface ServiceArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
}

/**
 * @param part whose pods it leads to
 * @param annotations of Pulumi's
 */
export function service(
  name: string,
  part: string,
  { owner, namespace }: ServiceArgs,
  opts: pulumi.CustomResourceOptions,
  annotations?: Record<string, string>,
) {
  return new kubernetes.core.v1.Service(
    name,
    {
      metadata: { name, namespace, labels: labelsOf(owner, part), ...(annotations ? { annotations } : {}) },
      spec: {
        type: "ClusterIP",
        selector: selectorOf(owner, part),
        ports: [{ name: "http", port: SERVICE_PORT, targetPort: "http", protocol: "TCP" }],
      },
    },
    opts,
  );
}
