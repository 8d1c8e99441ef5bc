/** The pods of a stack: how they fare, and what those that do not work have to say. */
import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { blotOut, secretWords } from "../../components/shared/secret-text.ts";
import type { PartStatus } from "../carrier.ts";
import { BACKUP } from "./backup-history.ts";
import { type Cluster, asked } from "./client.ts";
import { isTrue, unscheduledOf } from "./conditions.ts";

const LOG_LINES = 15;

export async function podsOfStack({ core, namespace, owner }: Cluster): Promise<V1Pod[]> {
  const labelSelector = `app.kubernetes.io/instance=${owner.stack},app.kubernetes.io/managed-by=tristack`;
  return (await asked(core.listNamespacedPod({ namespace, labelSelector }))).items;
}

/** Those that a release may fail for: none has failed because of a backup that did. */
export async function podsOfRelease(cluster: Cluster): Promise<V1Pod[]> {
  return (await podsOfStack(cluster)).filter((pod) => partOf(pod) !== BACKUP);
}

/** Pods that ought to run: those that have done their work are left out. */
export async function podStatuses(cluster: Cluster): Promise<PartStatus[]> {
  return (await podsOfStack(cluster))
    .filter((pod) => pod.status?.phase !== "Succeeded")
    .map((pod) => ({
      name: pod.metadata?.name ?? "",
      part: partOf(pod),
      status: stateOf(pod),
      version: pod.metadata?.labels?.["app.kubernetes.io/version"] ?? null,
    }))
    .sort((a, b) => a.part.localeCompare(b.part) || a.name.localeCompare(b.name));
}

export function partOf(pod: V1Pod): string {
  return pod.metadata?.labels?.["app.kubernetes.io/name"] ?? "";
}

/** Such as "Running", "Running, not ready, restarted 2 times (exit code 1)", "Pending: Unschedulable". */
export function stateOf({ metadata, status }: V1Pod): string {
  if (metadata?.deletionTimestamp) return "Terminating";
  const phase = status?.phase ?? "Unknown";
  const [container] = status?.containerStatuses ?? [];
  const unscheduled = unscheduledOf(status);
  if (unscheduled) return `Pending: ${unscheduled.reason ?? ""}: ${unscheduled.message ?? ""}`;
  if (!container) return phase;
  const { waiting, terminated } = container.state ?? {};
  const now =
    waiting?.reason ??
    (terminated ? `${terminated.reason ?? "Ended"}, exit code ${terminated.exitCode}` : phase);
  return [now, container.ready || terminated ? "" : "not ready", restarts(container)]
    .filter((word) => word !== "")
    .join(", ");
}

function restarts({ restartCount, lastState }: V1ContainerStatus): string {
  if (restartCount === 0) return "";
  const { reason, exitCode } = lastState?.terminated ?? {};
  const why =
    exitCode === undefined ? "" : ` (${reason === "Error" ? "" : `${reason ?? ""}, `}exit code ${exitCode})`;
  return `restarted ${restartCount} time${restartCount === 1 ? "" : "s"}${why}`;
}

/** What is wrong, in words: each pod that does not work, one of each part, with the end of its log. Empty when all do. */
export async function troubles(cluster: Cluster): Promise<string> {
  const bad = (await podsOfRelease(cluster)).filter(isBad);
  const onePerPart = bad.filter(
    (pod, index) => bad.findIndex((one) => partOf(one) === partOf(pod)) === index,
  );
  const texts = await Promise.all(onePerPart.map((pod) => trouble(cluster, pod)));
  return texts.join("\n");
}

function isBad({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp || status?.phase === "Succeeded") return false;
  return !isTrue(status?.conditions, "Ready");
}

async function trouble(cluster: Cluster, pod: V1Pod): Promise<string> {
  const name = pod.metadata?.name ?? "";
  const log = await logTail(cluster, pod);
  return `${name}: ${stateOf(pod)}${log === "" ? "" : `\nThe end of its log:\n${log}`}`;
}

/** Of the container as it was before its last restart, since the present one may have said nothing yet. */
async function logTail(cluster: Cluster, pod: V1Pod): Promise<string> {
  const { core, namespace } = cluster;
  const name = pod.metadata?.name ?? "";
  const previous = (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0;
  const text = await core
    .readNamespacedPodLog({ name, namespace, tailLines: LOG_LINES, previous })
    .catch(() => "");
  return blotOut(text.trim(), text === "" ? [] : await secretsOf(cluster, pod));
}

/** What the pod reads as secrets, and the passwords in URLs among them: a crash may have printed them. */
async function secretsOf({ core, namespace }: Cluster, pod: V1Pod): Promise<string[]> {
  const names = (pod.spec?.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? []);
  const secrets = await Promise.all(names.map((name) => core.readNamespacedSecret({ name, namespace })));
  return secrets
    .flatMap(({ data }) => Object.values(data ?? {}))
    .flatMap((value) => secretWords(Buffer.from(value, "base64").toString("utf8")));
}
