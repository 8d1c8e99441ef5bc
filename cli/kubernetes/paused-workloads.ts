/** Takes away the pods that use the database while it is exchanged, and has as many of them again afterwards. */
import { setTimeout as sleep } from "node:timers/promises";
import { type KubernetesObject, PatchStrategy } from "@kubernetes/client-node";
import type { Outputs } from "../../components/outputs.ts";
import { seconds } from "../../components/shared/units.ts";
import { failed } from "../errors.ts";
import type { Say } from "../progress.ts";
import { interruptible } from "../signals.ts";
import { type Cluster, asked, orIfMissing } from "./client.ts";
import { labelSelectorOf } from "./labels.ts";

/** How many pods there were, on the workload itself: a command that is killed in between leaves it to the next one. */
const BEFORE = "dev.tristack/replicas-before-restore";
/** What a pod has to go besides its own time to drain, and what new ones have to get ready. */
const GONE_SECONDS = 60;
const READY_SECONDS = 180;
/** What the router takes to hear of them: Traefik's `providersThrottleDuration` is 2 s by default. */
const HEARD_SECONDS = 3;
const POLL_MILLISECONDS = 300;

/** What carries a service's pods: one of these, by the stack's delivery. */
const KINDS = [
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" },
] as const;

interface Workload {
  readonly kind: (typeof KINDS)[number];
  readonly name: string;
  readonly replicas: number;
}

interface Live extends KubernetesObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number };
}

/**
 * Runs `work` while no pod of the services that use the database runs. They are there again in any case, Ctrl-C included.
 * @param heardSeconds that are waited for the router in the end
 */
export function withoutPods<T>(
  cluster: Cluster,
  outputs: Outputs,
  say: Say,
  work: () => Promise<T>,
  heardSeconds = HEARD_SECONDS,
): Promise<T> {
  return interruptible(say, () => paused(cluster, outputs, say, work, heardSeconds));
}

async function paused<T>(
  cluster: Cluster,
  outputs: Outputs,
  say: Say,
  work: () => Promise<T>,
  heardSeconds: number,
): Promise<T> {
  const users = Object.entries(outputs.release.settings.services).filter(([, { uses }]) =>
    uses.includes("database"),
  );
  const drain = Math.max(1, ...users.map(([, service]) => seconds(service.drain)));
  const workloads = await Promise.all(users.map(([name]) => readWorkload(cluster, name)));
  const names = workloads.map(({ name }) => name).join(", ");
  try {
    if (names !== "") say(`taking away the pods of ${names}`);
    for (const one of workloads) await scale(cluster, one, 0, String(one.replicas));
    await untilGone(cluster, workloads, drain + GONE_SECONDS);
    return await work();
  } finally {
    if (names !== "") say("starting them again");
    for (const one of workloads) await scale(cluster, one, one.replicas, null);
    await untilReady(cluster, workloads);
    // The router hears of them a moment later, and answers 503 until then.
    if (names !== "") await sleep(heardSeconds * 1000);
  }
}

async function readWorkload(cluster: Cluster, name: string): Promise<Workload> {
  for (const kind of KINDS) {
    const live = await read(cluster, kind, name);
    if (!live) continue;
    const recorded = live.metadata?.annotations?.[BEFORE];
    return { kind, name, replicas: recorded === undefined ? (live.spec?.replicas ?? 1) : Number(recorded) };
  }
  throw failed(`the namespace ${cluster.namespace} has nothing that carries ${name}`);
}

async function read(
  { objects, namespace }: Cluster,
  kind: Workload["kind"],
  name: string,
): Promise<Live | undefined> {
  return orIfMissing(
    objects.read<Live & { metadata: { name: string } }>({ ...kind, metadata: { name, namespace } }),
  );
}

/** An autoscaler leaves alone what has no pods. */
async function scale(
  { objects, namespace }: Cluster,
  { kind, name }: Workload,
  replicas: number,
  before: string | null,
): Promise<void> {
  const metadata = { name, namespace, annotations: { [BEFORE]: before } };
  // The client's type knows no null, which removes.
  const body = { ...kind, metadata, spec: { replicas } } as unknown as KubernetesObject;
  await asked(objects.patch(body, undefined, undefined, "tristack", undefined, PatchStrategy.MergePatch));
}

async function untilGone(cluster: Cluster, workloads: readonly Workload[], limit: number): Promise<void> {
  const { core, namespace, owner } = cluster;
  const count = async ({ name }: Workload) => {
    const labelSelector = labelSelectorOf(owner, name);
    return (await asked(core.listNamespacedPod({ namespace, labelSelector }))).items.length;
  };
  await until(limit, "the pods have not gone", async () =>
    (await Promise.all(workloads.map(count))).every((pods) => pods === 0),
  );
}

async function untilReady(cluster: Cluster, workloads: readonly Workload[]): Promise<void> {
  const isReady = async ({ kind, name, replicas }: Workload) => {
    const live = await read(cluster, kind, name);
    return (live?.status?.readyReplicas ?? 0) >= replicas;
  };
  await until(READY_SECONDS, "the pods were started again and are not ready", async () =>
    (await Promise.all(workloads.map(isReady))).every(Boolean),
  );
}

async function until(limit: number, otherwise: string, done: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + limit * 1000; !(await done()); await sleep(POLL_MILLISECONDS))
    if (Date.now() > end) throw failed(`${otherwise} after ${limit} s`);
}
