/** A cluster of AWS that stacks of the target `kubernetes` run on. Wiring only. */
import * as kubernetes from "@pulumi/kubernetes";
import { EksCluster } from "../aws/eks-cluster.ts";
import { eksKubeconfig } from "../aws/eks-kubeconfig.ts";
import { Network } from "../aws/network.ts";
import { awsProvider } from "../aws/provider.ts";
import { assembleClusterOutputs } from "../cluster-outputs.ts";
import { AutoMode } from "../kubernetes/auto-mode.ts";
import { RecordedCost } from "../recorded-cost.ts";
import { type ClusterSettings, isProtected } from "../settings.ts";
import { usageOf } from "../usage.ts";
import type { Owner } from "../shared/labels.ts";

export function cluster(settings: ClusterSettings, owner: Owner) {
  const { environment, cluster: wanted } = settings;
  const { region, version, nodes } = wanted;
  const protect = isProtected(environment.kind);
  const logDays = environment.kind === "production" ? 365 : 30;
  const provider = awsProvider(region, owner, environment);
  const cost = new RecordedCost();
  const opts = { providers: [provider], transformations: [cost.record] };

  const network = new Network(
    "network",
    {
      zones: wanted.zones === 3 ? 3 : 2,
      nat: wanted.nat,
      flowLogDays: logDays,
      // Where Auto Mode puts load balancers: https://docs.aws.amazon.com/eks/latest/userguide/tag-subnets-auto.html
      publicTags: { "kubernetes.io/role/elb": "1" },
      privateTags: { "kubernetes.io/role/internal-elb": "1" },
      protect,
    },
    opts,
  );
  const made = new EksCluster(
    "cluster",
    {
      clusterName: `${owner.project}-${owner.stack}`,
      version,
      subnetIds: network.privateSubnetIds,
      apiFrom: wanted.apiFrom,
      administrators: wanted.administrators,
      logDays,
      protect,
    },
    // Nodes without a way out never join: the network is there as a whole before they are.
    { ...opts, dependsOn: [network] },
  );
  const kubeconfig = eksKubeconfig(made, region);
  const inside = new kubernetes.Provider("kubernetes", {
    kubeconfig,
    // What is in it may change, such as its authority's certificate; the cluster is the same.
    clusterIdentifier: made.endpoint,
    enableServerSideApply: true,
  });
  new AutoMode(
    "auto-mode",
    {
      instanceTypes: nodes.instanceTypes,
      cpuLimit: nodes.cpuLimit,
      nodeRole: made.nodeRole,
      subnetIds: network.privateSubnetIds,
      securityGroupId: made.securityGroupId,
    },
    { providers: [inside] },
  );
  return assembleClusterOutputs(settings, owner, {
    name: made.name,
    endpoint: made.endpoint,
    kubeconfig,
    cost: cost.estimate(usageOf(settings)),
  });
}
