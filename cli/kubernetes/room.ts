/** Whether the nodes can carry a second release beside the first: one more pod of each service. */
import type { V1Node, V1Pod, V1ResourceRequirements } from "@kubernetes/client-node";
// What the library's own `topNodes` counts with; that one would list all pods once for each node.
import { quantityToScalar } from "@kubernetes/client-node/dist/util.js";
import { resourcesOf } from "../../components/kubernetes/pod.ts";
import type { RoomCheck } from "../carrier.ts";
import { type Cluster, asked } from "./client.ts";

/** CPUs, and bytes of memory. */
interface Amount {
  cpu: number;
  memory: number;
}

/**
 * Warnings, and never a refusal: a cluster may add nodes by itself, and whoever deploys may not be allowed to look at
 * them (then nothing is said).
 */
export async function roomOnNodes({ core }: Cluster): Promise<RoomCheck> {
  try {
    const [nodes, pods] = await Promise.all([asked(core.listNode()), asked(core.listPodForAllNamespaces())]);
    const free = freeOn(nodes.items, pods.items);
    return ({ services }) => unplaced(free, services).map(warning);
  } catch {
    return () => [];
  }
}

/** What is free on each node that takes any pod. */
export function freeOn(nodes: readonly V1Node[], pods: readonly V1Pod[]): Amount[] {
  return nodes.filter(takesPods).map(({ metadata, status }) => {
    const used = pods
      .filter((pod) => pod.spec?.nodeName === metadata?.name && !hasEnded(pod))
      .flatMap((pod) => pod.spec?.containers.map(({ resources }) => requestsOf(resources)) ?? []);
    const all = amountOf(status?.allocatable);
    return used.reduce((left, one) => minus(left, one), all);
  });
}

/** The services of which one more pod fits nowhere, the largest placed first. */
export function unplaced(
  free: readonly Amount[],
  services: Readonly<Record<string, Parameters<typeof resourcesOf>[0]>>,
): { service: string; needs: Amount }[] {
  const left = free.map((one) => ({ ...one }));
  return Object.entries(services)
    .map(([service, settings]) => ({ service, needs: requestsOf(resourcesOf(settings)) }))
    .sort((a, b) => b.needs.memory - a.needs.memory)
    .filter(({ needs }) => {
      const index = left.findIndex((one) => one.cpu >= needs.cpu && one.memory >= needs.memory);
      const node = left[index];
      if (!node) return true;
      left[index] = minus(node, needs);
      return false;
    });
}

function warning({ service, needs }: { service: string; needs: Amount }): string {
  const what = `${Math.round(needs.cpu * 1000)}m CPUs and ${Math.round(needs.memory / 2 ** 20)} MiB`;
  return `no node has room for one more pod of ${service} (${what}): unless the cluster adds one, the release waits in vain`;
}

function takesPods({ spec }: V1Node): boolean {
  return !spec?.unschedulable && !spec?.taints?.some(({ effect }) => effect !== "PreferNoSchedule");
}

function hasEnded({ status }: V1Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

function requestsOf(resources: V1ResourceRequirements | undefined): Amount {
  return amountOf(resources?.requests);
}

function amountOf(quantities: Readonly<Record<string, string>> | undefined): Amount {
  const of = (name: string) => Number(quantityToScalar(quantities?.[name] ?? "0"));
  return { cpu: of("cpu"), memory: of("memory") };
}

function minus(a: Amount, b: Amount): Amount {
  return { cpu: a.cpu - b.cpu, memory: a.memory - b.memory };
}
