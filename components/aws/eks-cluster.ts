/** A Kubernetes cluster of AWS whose machines, disks, addresses and load balancers AWS looks after: EKS Auto Mode. */
import * as pulumi from "@pulumi/pulumi";
import { trustOf } from "./policy-document.ts";
import * as aws from "./sdk.ts";

export interface EksClusterArgs {
  /** Its name in the account and region. Changing it replaces the cluster. */
  clusterName: string;
  /** Version of Kubernetes, such as 1.36. */
  version: string;
  /** Two at least, in different zones. Changing them replaces the cluster. */
  subnetIds: readonly pulumi.Input<string>[];
  /** Networks that its API is open to, besides the cluster's own. */
  apiFrom: readonly string[];
  /** Roles that may do everything in it, besides its creator's. */
  administrators: readonly string[];
  /** Days that its logs are kept. */
  logDays: number;
  /** Whether it refuses to be deleted, here and at AWS. */
  protect: boolean;
}

/** What EKS does for a cluster of Auto Mode: https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html */
const CLUSTER_POLICIES = [
  "AmazonEKSClusterPolicy",
  "AmazonEKSComputePolicy",
  "AmazonEKSBlockStoragePolicy",
  "AmazonEKSLoadBalancingPolicy",
  "AmazonEKSNetworkingPolicy",
];
/** What its nodes may: https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html */
const NODE_POLICIES = ["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"];

export class EksCluster extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  /** URL of its API. */
  readonly endpoint: pulumi.Output<string>;
  /** Certificate of the authority that signed the API's, in base64. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** Group that its nodes are in. */
  readonly securityGroupId: pulumi.Output<string>;
  /** Name of the role that nodes take. */
  readonly nodeRole: pulumi.Output<string>;

  constructor(name: string, args: EksClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:EksCluster", name, {}, opts);
    const { protect } = args;
    const within = { parent: this };
    const keep = { parent: this, protect };

    const own = this.#role(
      `${name}-control`,
      trustOf("eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"]),
      CLUSTER_POLICIES,
    );
    const node = this.#role(`${name}-node`, trustOf("ec2.amazonaws.com"), NODE_POLICIES);
    const key = new aws.kms.Key(
      `${name}-secrets`,
      { description: "Secrets of the cluster", enableKeyRotation: true, deletionWindowInDays: 30 },
      keep,
    );
    // EKS writes to the group of this name, and makes one that keeps everything for ever where there is none.
    const logs = new aws.cloudwatch.LogGroup(
      `${name}-logs`,
      { name: `/aws/eks/${args.clusterName}/cluster`, retentionInDays: args.logDays },
      within,
    );
    const cluster = new aws.eks.Cluster(
      name,
      {
        name: args.clusterName,
        version: args.version,
        roleArn: own.role.arn,
        // The three together are Auto Mode; it brings its own networking, DNS and proxy.
        computeConfig: { enabled: true, nodePools: ["system"], nodeRoleArn: node.role.arn },
        kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
        storageConfig: { blockStorage: { enabled: true } },
        bootstrapSelfManagedAddons: false,
        accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: true },
        vpcConfig: {
          subnetIds: [...args.subnetIds],
          endpointPrivateAccess: true,
          endpointPublicAccess: true,
          publicAccessCidrs: [...args.apiFrom],
        },
        encryptionConfig: { provider: { keyArn: key.arn }, resources: ["secrets"] },
        enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
        // Beyond its fourteen months a version costs six times as much: AWS then raises it instead.
        upgradePolicy: { supportType: "STANDARD" },
        deletionProtection: protect,
      },
      { ...keep, dependsOn: [logs, ...own.attachments, ...node.attachments] },
    );
    for (const role of args.administrators) this.#administrator(name, cluster, role);

    this.name = cluster.name;
    this.endpoint = cluster.endpoint;
    this.certificateAuthority = cluster.certificateAuthority.apply(({ data }) => data ?? "");
    this.securityGroupId = cluster.vpcConfig.clusterSecurityGroupId;
    this.nodeRole = node.role.name;
    this.registerOutputs({ name: this.name, endpoint: this.endpoint });
  }

  #role(name: string, assumeRolePolicy: string, policies: readonly string[]) {
    const role = new aws.iam.Role(name, { assumeRolePolicy }, { parent: this });
    const attachments = policies.map(
      (policy) =>
        new aws.iam.RolePolicyAttachment(
          `${name}-${policy}`,
          { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` },
          { parent: role },
        ),
    );
    return { role, attachments };
  }

  #administrator(name: string, cluster: aws.eks.Cluster, principalArn: string): void {
    const who = `${name}-${principalArn.split("/").at(-1) ?? ""}`;
    const entry = new aws.eks.AccessEntry(
      who,
      { clusterName: cluster.name, principalArn, type: "STANDARD" },
      { parent: this },
    );
    new aws.eks.AccessPolicyAssociation(
      who,
      {
        clusterName: cluster.name,
        principalArn: entry.principalArn,
        policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        accessScope: { type: "cluster" },
      },
      { parent: this },
    );
  }
}
