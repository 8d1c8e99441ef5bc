/** When a release serves alone: Pulumi's update ends once its pods are ready, and the last old one still takes requests. */
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import { STOP_DELAY_SECONDS } from "../../components/kubernetes/stop-delay.ts";
import { failed } from "../errors.ts";
import type { Say } from "../progress.ts";
import type { Cluster } from "./client.ts";
import { createdAt } from "./conditions.ts";
import { partOf, podsOfStack } from "./pods.ts";

/** Deletion of the last old pod follows at once; more time than that means that the controller is not well. */
const PATIENCE_SECONDS = 60;

/** Waits until no request goes to a pod of the release before. */
export async function handedOver(cluster: Cluster, say: Say): Promise<void> {
  const end = Date.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const serving = oldPods(await podsOfStack(cluster), new Date());
    if (serving.length === 0) return;
    if (Date.now() > end) throw failed(`pods of the release before go on serving: ${serving.join(", ")}`);
    say(`requests still go to ${serving.join(", ")}`);
    await sleep(500);
  }
}

/** Names of pods that may get a request and are not of their part's newest pods. */
export function oldPods(pods: readonly V1Pod[], now: Date): string[] {
  const living = pods.filter(({ metadata }) => metadata?.labels?.["pod-template-hash"] !== undefined);
  return living
    .filter((pod) =>
      pod.metadata?.deletionTimestamp ? isTold(pod, now) : hashOf(pod) !== newestHash(living, partOf(pod)),
    )
    .map(({ metadata }) => metadata?.name ?? "");
}

/** Told to end so lately that kube-proxy and the router may not have heard of it. */
function isTold({ metadata }: V1Pod, now: Date): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = metadata ?? {};
  const told = new Date(deletionTimestamp ?? 0).getTime() - deletionGracePeriodSeconds * 1000;
  return now.getTime() - told < STOP_DELAY_SECONDS * 1000;
}

function newestHash(pods: readonly V1Pod[], part: string): string | undefined {
  const own = pods.filter((pod) => partOf(pod) === part && !pod.metadata?.deletionTimestamp);
  const newest = own.toSorted((a, b) => createdAt(b) - createdAt(a))[0];
  return newest && hashOf(newest);
}

function hashOf({ metadata }: V1Pod): string | undefined {
  return metadata?.labels?.["pod-template-hash"];
}
