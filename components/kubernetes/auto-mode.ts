/** What a cluster of EKS Auto Mode is told once it is there: which machines, which disks, and that policies of the network count. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

export interface AutoModeArgs {
  /** Types of EC2 that nodes may be. */
  instanceTypes: readonly string[];
  /** Most vCPUs of all nodes together. */
  cpuLimit: number;
  /** Name of the role that nodes take. */
  nodeRole: pulumi.Input<string>;
  /** Subnets that nodes are in. */
  subnetIds: readonly pulumi.Input<string>[];
  /** Group that nodes are in. */
  securityGroupId: pulumi.Input<string>;
}

const NAME = "tristack";

export class AutoMode extends pulumi.ComponentResource {
  constructor(name: string, args: AutoModeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:AutoMode", name, {}, opts);
    const within = { parent: this };

    // Without it NetworkPolicies are taken, and nobody enforces them:
    // https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html
    const enforced = new kubernetes.core.v1.ConfigMap(
      `${name}-network-policy`,
      {
        metadata: { name: "amazon-vpc-cni", namespace: "kube-system" },
        data: { "enable-network-policy-controller": "true" },
      },
      within,
    );
    const nodeClass = new kubernetes.apiextensions.CustomResource(
      `${name}-node-class`,
      {
        apiVersion: "eks.amazonaws.com/v1",
        kind: "NodeClass",
        metadata: { name: NAME },
        spec: {
          role: args.nodeRole,
          subnetSelectorTerms: args.subnetIds.map((id) => ({ id })),
          securityGroupSelectorTerms: [{ id: args.securityGroupId }],
          networkPolicy: "DefaultAllow",
          networkPolicyEventLogs: "Disabled",
        },
      },
      { ...within, dependsOn: [enforced] },
    );
    new kubernetes.apiextensions.CustomResource(
      `${name}-node-pool`,
      {
        apiVersion: "karpenter.sh/v1",
        kind: "NodePool",
        metadata: { name: NAME },
        spec: {
          template: {
            spec: {
              nodeClassRef: { group: "eks.amazonaws.com", kind: "NodeClass", name: NAME },
              requirements: [
                {
                  key: "node.kubernetes.io/instance-type",
                  operator: "In",
                  values: [...args.instanceTypes],
                },
                // A database does not survive two minutes' notice unseen.
                { key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] },
              ],
            },
          },
          limits: { cpu: String(args.cpuLimit) },
          disruption: { consolidationPolicy: "WhenEmptyOrUnderutilized", consolidateAfter: "5m" },
        },
      },
      { ...within, dependsOn: [nodeClass] },
    );
    new kubernetes.storage.v1.StorageClass(
      `${name}-storage`,
      {
        metadata: {
          name: NAME,
          annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
        },
        provisioner: "ebs.csi.eks.amazonaws.com",
        parameters: { type: "gp3", encrypted: "true" },
        // A disk stands in one zone: the one that its pod is put in.
        volumeBindingMode: "WaitForFirstConsumer",
        allowVolumeExpansion: true,
      },
      within,
    );
    this.registerOutputs({});
  }
}
