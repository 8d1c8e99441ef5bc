/** How Pulumi reaches the stack's cluster. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { Owner } from "../shared/labels.ts";
import { fullStackName } from "../shared/stack-name.ts";
import {
  type ClusterAccess,
  type ClusterSetting,
  KUBECONFIG_OUTPUT,
  exportsNone,
  kubeconfigOf,
  kubeconfigText,
  placeOf,
} from "./cluster-access.ts";

/**
 * Asks the other stack where the settings name one.
 * @throws RunError when it exports no kubeconfig.
 */
export async function reachedCluster(
  { stack, ...given }: ClusterSetting,
  owner: Owner,
): Promise<ClusterAccess> {
  if (stack === undefined) return given;
  const name = fullStackName(stack, owner);
  const other = new pulumi.StackReference("cluster", { name });
  const details = await other.getOutputDetails(KUBECONFIG_OUTPUT);
  const content = kubeconfigText(details.value ?? details.secretValue);
  if (content !== undefined) return { ...given, content };
  throw new pulumi.RunError(exportsNone(name));
}

/**
 * The cluster is known by its address: a rotated token or another path of the kubeconfig replaces nothing, another cluster
 * replaces everything. Credentials of a file stay there, and out of the state; those that another stack exports are encrypted.
 * @throws RunError when there is no such file or context.
 */
export function kubernetesProvider(access: ClusterAccess): kubernetes.Provider {
  const { content, kubeconfig, context } = access;
  return new kubernetes.Provider("kubernetes", {
    // Empty, and not left out: the SDK would write the path in KUBECONFIG down, and another one would be a change.
    kubeconfig: content === undefined ? (kubeconfig ?? "") : pulumi.secret(content),
    context,
    clusterIdentifier: addressOf(access),
    enableServerSideApply: true,
  });
}

interface Kubeconfig {
  clusters?: { name: string; cluster?: { server?: string } }[];
  contexts?: { name: string; context?: { cluster?: string } }[];
  "current-context"?: string;
}

function addressOf(access: ClusterAccess): string {
  const config = read(access);
  const name = access.context ?? config["current-context"];
  const context = config.contexts?.find((one) => one.name === name)?.context;
  const server = config.clusters?.find((one) => one.name === context?.cluster)?.cluster?.server;
  if (server !== undefined) return server;
  const known = config.contexts?.map((one) => one.name).join(", ") ?? "";
  throw new pulumi.RunError(
    `cluster.context is ${name ?? "not set"}, and ${placeOf(access)} has no cluster of that context; needs one of: ${known || "none is there"}`,
  );
}

function read(access: ClusterAccess): Kubeconfig {
  try {
    return (parse(kubeconfigOf(access)) ?? {}) as Kubeconfig;
  } catch {
    throw new pulumi.RunError(
      `cluster.kubeconfig: ${placeOf(access)} cannot be read; needs a kubeconfig, by that setting or by KUBECONFIG`,
    );
  }
}
