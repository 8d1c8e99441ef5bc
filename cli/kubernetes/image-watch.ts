/** Images that no node can have: an update waits for their pods in vain, a migration's for a quarter of an hour. */
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "./client.ts";
import { podsOfRelease } from "./pods.ts";

/** A kubelet asks again after 10 s, then after 20 s: by then it was no hiccup of the registry. */
const PATIENCE_MILLISECONDS = 45_000;
const POLL_MILLISECONDS = 3000;
/** What the kubelet says of them. */
const REASONS = ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"];

/**
 * Which pod, and why, once one waits for its image for too long. Undefined when `signal` ends first. Pods that are there at
 * the start are left out: of a release that is being gone back from, they go at the end.
 */
export async function watchImages(cluster: Cluster, signal: AbortSignal): Promise<string | undefined> {
  const since = new Map<string, number>();
  const before = new Set(
    (await podsOfRelease(cluster).catch(() => [])).map(({ metadata }) => metadata?.name),
  );
  while (!signal.aborted) {
    // An answer that does not come is the update's to notice.
    const pods = (await podsOfRelease(cluster).catch(() => [])).filter(
      ({ metadata }) => !before.has(metadata?.name),
    );
    const now = Date.now();
    const waiting = new Map(pods.flatMap(imageTrouble));
    for (const name of since.keys()) if (!waiting.has(name)) since.delete(name);
    for (const [name, trouble] of waiting) {
      const began = since.get(name) ?? now;
      since.set(name, began);
      if (now - began >= PATIENCE_MILLISECONDS) return `${name}: ${trouble}`;
    }
    await sleep(POLL_MILLISECONDS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

/** Name of the pod, and what its kubelet says; none where it has its image. */
export function imageTrouble({ metadata, status }: V1Pod): [name: string, trouble: string][] {
  if (metadata?.deletionTimestamp) return [];
  const waiting = (status?.containerStatuses ?? []).flatMap(({ state }) => state?.waiting ?? []);
  const found = waiting.find(({ reason }) => REASONS.includes(reason ?? ""));
  return found ? [[metadata?.name ?? "", `${found.reason ?? ""}: ${found.message ?? ""}`]] : [];
}
