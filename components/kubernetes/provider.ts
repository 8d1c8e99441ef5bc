/** How the stack reaches its cluster. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";

export interface ClusterAccess {
  /** Kubeconfig. @default that of `kubectl` */
  kubeconfig?: string;
  /** Context in it. @default its current one */
  context?: string;
}

/**
 * The cluster is known by its address: a rotated token or another path of the kubeconfig replaces nothing, another cluster
 * replaces everything. Credentials stay in their file, and out of the state.
 * @throws RunError when there is no such file or context.
 */
export function kubernetesProvider(access: ClusterAccess): kubernetes.Provider {
  return new kubernetes.Provider("kubernetes", {
    // Empty, and not left out: the SDK would write the path in KUBECONFIG down, and another one would be a change.
    kubeconfig: access.kubeconfig ?? "",
    context: access.context,
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
  const file = kubeconfigFile(access.kubeconfig);
  const config = read(file);
  const name = access.context ?? config["current-context"];
  const context = config.contexts?.find((one) => one.name === name)?.context;
  const server = config.clusters?.find((one) => one.name === context?.cluster)?.cluster?.server;
  if (server !== undefined) return server;
  const known = config.contexts?.map((one) => one.name).join(", ") ?? "";
  throw new pulumi.RunError(
    `cluster.context is ${name ?? "not set"}, and ${file} has no cluster of that context; needs one of: ${known || "none is there"}`,
  );
}

function kubeconfigFile(given: string | undefined): string {
  const [first] = (process.env["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
  return resolve(given ?? first ?? join(homedir(), ".kube", "config"));
}

function read(file: string): Kubeconfig {
  try {
    return (parse(readFileSync(file, "utf8")) ?? {}) as Kubeconfig;
  } catch {
    throw new pulumi.RunError(
      `cluster.kubeconfig: ${file} cannot be read; needs a kubeconfig, by that setting or by KUBECONFIG`,
    );
  }
}
