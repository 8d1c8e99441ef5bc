/** The namespace: what may run in it, how much of it, and who may talk to whom: nobody, unless a policy says so. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { labelsOf } from "./labels.ts";
import { mebi } from "./pod.ts";

export interface NamespaceArgs {
  owner: Owner;
  /** Its name. Changing it replaces everything. */
  name: string;
  /** What the environment is for, as the label `environment`. */
  environment: string;
  /** Most that all pods together may use. */
  quota: { pods: number; cpu: number; memoryMebibytes: number; nodePorts: number };
  /** Whether it refuses to be deleted. */
  protect: boolean;
}

const POD_SECURITY = "pod-security.kubernetes.io";

export class Namespace extends pulumi.ComponentResource {
  /** Its name, known once it is there. */
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: NamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:Namespace", name, {}, opts);
    const parent = { parent: this };
    const labels = labelsOf(args.owner, "namespace");

    const namespace = new kubernetes.core.v1.Namespace(
      name,
      {
        metadata: {
          name: args.name,
          labels: {
            ...labels,
            environment: args.environment,
            ...Object.fromEntries(
              ["enforce", "warn", "audit"].map((mode) => [`${POD_SECURITY}/${mode}`, "restricted"]),
            ),
          },
        },
      },
      { ...parent, protect: args.protect },
    );
    this.name = namespace.metadata.name;
    const metadata = (of: string) => ({ name: of, namespace: this.name, labels });

    new kubernetes.core.v1.ResourceQuota(
      "quota",
      {
        metadata: metadata("quota"),
        spec: {
          hard: {
            pods: String(args.quota.pods),
            "limits.cpu": String(args.quota.cpu),
            "limits.memory": mebi(args.quota.memoryMebibytes),
            "services.loadbalancers": "0",
            "services.nodeports": String(args.quota.nodePorts),
          },
        },
      },
      parent,
    );
    // For pods that somebody else starts here: ours all say what they need.
    new kubernetes.core.v1.LimitRange(
      "limits",
      {
        metadata: metadata("limits"),
        spec: {
          limits: [
            {
              type: "Container",
              defaultRequest: { cpu: "50m", memory: "64Mi" },
              default: { cpu: "500m", memory: "256Mi" },
            },
          ],
        },
      },
      parent,
    );
    new kubernetes.networking.v1.NetworkPolicy(
      "default-deny",
      { metadata: metadata("default-deny"), spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
      parent,
    );
    new kubernetes.networking.v1.NetworkPolicy(
      "allow-dns",
      {
        metadata: metadata("allow-dns"),
        spec: {
          podSelector: {},
          policyTypes: ["Egress"],
          egress: [
            {
              to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } }],
              ports: [
                { protocol: "UDP", port: 53 },
                { protocol: "TCP", port: 53 },
              ],
            },
          ],
        },
      },
      parent,
    );
    this.registerOutputs({ name: this.name });
  }
}
