/** What the cluster says of its objects. */
import type { V1Job, V1Pod, V1PodCondition, V1PodStatus } from "@kubernetes/client-node";

export function isTrue(
  conditions: readonly { type: string; status: string }[] | undefined,
  type: string,
): boolean {
  return conditions?.some((one) => one.type === type && one.status === "True") ?? false;
}

/** Why a pod finds no node; undefined where it has one. */
export function unscheduledOf(status: V1PodStatus | undefined): V1PodCondition | undefined {
  return status?.conditions?.find((one) => one.type === "PodScheduled" && one.status === "False");
}

export function createdAt({ metadata }: V1Pod | V1Job): number {
  return new Date(metadata?.creationTimestamp ?? 0).getTime();
}

/** As the host's records have it. */
export function toTheSecond(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, "Z");
}
