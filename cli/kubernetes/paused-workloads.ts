/** Takes away the pods that use the database while it is exchanged, and has as many of them again afterwards. */
import { setTimeout as sleep } from "node:timers/promises";
import { PatchStrategy, type V1Deployment, setHeaderOptions } from "@kubernetes/client-node";
import type { Outputs } from "../../components/outputs.ts";
import { seconds } from "../../components/shared/units.ts";
import { failed } from "../errors.ts";
import type { Say } from "../progress.ts";
import { interruptible } from "../signals.ts";
import { type Cluster, asked } from "./client.ts";
import { labelSelectorOf } from "./labels.ts";

/** How many pods there were, on the workload itself: a command that is killed in between leaves it to the next one. */
const BEFORE = "dev.tristack/replicas-before-restore";
/** What a pod has to go besides its own time to drain, and what new ones have to get ready. */
const GONE_SECONDS = 60;
const READY_SECONDS = 180;
const POLL_MILLISECONDS = 300;

interface Workload {
  readonly name: string;
  readonly replicas: number;
}

/** Runs `work` while no pod of the services that use the database runs. They are there again in any case, Ctrl-C included. */
export function withoutPods<T>(
  cluster: Cluster,
  outputs: Outputs,
  say: Say,
  work: () => Promise<T>,
): Promise<T> {
  return interruptible(say, () => paused(cluster, outputs, say, work));
}

async function paused<T>(cluster: Cluster, outputs: Outputs, say: Say, work: () => Promise<T>): Promise<T> {
  const users = Object.entries(outputs.release.settings.services).filter(([, { uses }]) =>
    uses.includes("database"),
  );
  const drain = Math.max(1, ...users.map(([, service]) => seconds(service.drain)));
  const workloads = await Promise.all(users.map(([name]) => readWorkload(cluster, name)));
  const names = workloads.map(({ name }) => name).join(", ");
  try {
    if (names !== "") say(`taking away the pods of ${names}`);
    for (const one of workloads) await scale(cluster, one.name, 0, String(one.replicas));
    await untilGone(cluster, workloads, drain + GONE_SECONDS);
    return await work();
  } finally {
    if (names !== "") say("starting them again");
    for (const one of workloads) await scale(cluster, one.name, one.replicas, null);
    await untilReady(cluster, workloads);
  }
}

async function readWorkload({ apps, namespace }: Cluster, name: string): Promise<Workload> {
  const { metadata, spec } = await asked(apps.readNamespacedDeployment({ name, namespace }));
  const recorded = metadata?.annotations?.[BEFORE];
  return { name, replicas: recorded === undefined ? (spec?.replicas ?? 1) : Number(recorded) };
}

/** An autoscaler leaves alone what has no pods. */
async function scale({ apps, namespace }: Cluster, name: string, replicas: number, before: string | null) {
  const body = { metadata: { annotations: { [BEFORE]: before } }, spec: { replicas } };
  const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  await asked(apps.patchNamespacedDeployment({ name, namespace, body, fieldManager: "tristack" }, merge));
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

async function untilReady({ apps, namespace }: Cluster, workloads: readonly Workload[]): Promise<void> {
  const isReady = async ({ name, replicas }: Workload) => {
    const { status }: V1Deployment = await asked(apps.readNamespacedDeployment({ name, namespace }));
    return (status?.readyReplicas ?? 0) >= replicas;
  };
  await until(READY_SECONDS, "the pods were started again and are not ready", async () =>
    (await Promise.all(workloads.map(isReady))).every(Boolean),
  );
}

async function until(limit: number, otherwise: string, done: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + limit * 1000; !(await done()); await sleep(POLL_MILLISECONDS))
    if (Date.now() > end) throw failed(`${otherwise} after ${limit} s`);
}
