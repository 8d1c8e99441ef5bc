/** Jobs that a command starts from the template of a CronJob: with another command, followed to the end, and answered. */
import { setTimeout as sleep } from "node:timers/promises";
import { randomBytes } from "node:crypto";
import type { V1CronJob, V1Job, V1Pod } from "@kubernetes/client-node";
import { failed } from "../errors.ts";
import type { Say } from "../progress.ts";
import { type Cluster, asked, orIfMissing } from "./client.ts";
import { createdAt, isTrue, unscheduledOf } from "./conditions.ts";

/** What stands in front of the answer in the log of a pod (components/kubernetes/backup/keeper-job.sh). */
const ANSWER_LINE = "--- answer";
/** Longest that a pod may take until its program runs: its image is pulled, its node found. */
const START_SECONDS = 300;
const POLL_MILLISECONDS = 400;

export interface JobRequest {
  readonly cronJob: string;
  /** In place of the command of the pod's only container; its sidecars stay as they are. */
  readonly command: readonly string[];
  /** Part of the Job's name. */
  readonly verb: string;
  /** Whether it counts as one of the CronJob's own: kept, as those are. @default it is removed once it has answered */
  readonly kept?: boolean;
}

/**
 * Runs it to its end, whatever becomes of this process.
 * @returns what stands in its log below the line that announces the answer
 * @throws CliError with what its pod has said where it failed
 */
export async function runJob(cluster: Cluster, request: JobRequest, say: Say): Promise<string> {
  const { batch, namespace } = cluster;
  const cronJob = await orIfMissing(batch.readNamespacedCronJob({ name: request.cronJob, namespace }));
  if (!cronJob) throw failed(`the namespace ${namespace} has no CronJob ${request.cronJob}`);
  const body = jobFrom(cronJob, request);
  const name = body.metadata?.name ?? "";
  await asked(batch.createNamespacedJob({ namespace, body }));
  try {
    const problem = await ended(cluster, name, say);
    const { said, answer } = splitLog(await logOf(cluster, name));
    if (problem === undefined && answer !== undefined) return answer;
    throw failed(said.trim() || `the job ${name} failed: ${problem ?? "it gave no answer"}`);
  } finally {
    if (!request.kept) await remove(cluster, name);
  }
}

export function jobFrom(cronJob: V1CronJob, { cronJob: of, command, verb, kept = false }: JobRequest): V1Job {
  const { spec, metadata } = cronJob.spec?.jobTemplate ?? {};
  const { template } = spec ?? {};
  const [container, ...others] = template?.spec?.containers ?? [];
  if (!spec || !template?.spec || !container) throw new Error(`the CronJob ${of} has no container`);
  return {
    metadata: {
      name: `${of}-${verb}-${randomBytes(4).toString("hex")}`,
      labels: metadata?.labels,
      // What kubectl writes, too: made by hand, from a CronJob.
      annotations: { "cronjob.kubernetes.io/instantiate": "manual" },
      ownerReferences: [
        {
          apiVersion: "batch/v1",
          kind: "CronJob",
          name: of,
          uid: cronJob.metadata?.uid ?? "",
          // Those that it controls are in its history, and the oldest of them go.
          controller: kept,
        },
      ],
    },
    spec: {
      ...spec,
      // Whoever asked for it sees that it failed.
      backoffLimit: 0,
      // Were this command killed before it has removed it.
      ttlSecondsAfterFinished: kept ? undefined : 3600,
      template: {
        ...template,
        spec: { ...template.spec, containers: [{ ...container, command: [...command] }, ...others] },
      },
    },
  };
}

export function splitLog(log: string): { said: string; answer: string | undefined } {
  const lines = log.split("\n");
  const line = lines.lastIndexOf(ANSWER_LINE);
  if (line < 0) return { said: log, answer: undefined };
  return {
    said: lines.slice(0, line).join("\n"),
    answer: lines
      .slice(line + 1)
      .join("\n")
      .trim(),
  };
}

/** What its program has printed; nothing where it never ran, since its node was lost or its image not to be had. */
async function logOf(cluster: Cluster, job: string): Promise<string> {
  const { core, namespace } = cluster;
  const pod = await podOfJob(cluster, job);
  const [keeper] = pod?.status?.containerStatuses ?? [];
  if (!keeper?.state?.terminated?.startedAt) return "";
  const name = pod?.metadata?.name ?? "";
  return asked(core.readNamespacedPodLog({ name, namespace, container: keeper.name }));
}

/** What the cluster says of its failure; undefined where it succeeded. */
async function ended(cluster: Cluster, name: string, say: Say): Promise<string | undefined> {
  const { batch, namespace } = cluster;
  const began = Date.now();
  let told = "";
  for (;;) {
    const { status } = await asked(batch.readNamespacedJob({ name, namespace }));
    if (isTrue(status?.conditions, "Complete")) return undefined;
    const failure = status?.conditions?.find((one) => one.type === "Failed" && one.status === "True");
    if (failure) return failure.message ?? failure.reason ?? "without a word";
    const waiting = await waitingFor(cluster, name);
    if (waiting !== undefined && Date.now() - began > START_SECONDS * 1000)
      throw failed(`the job ${name} did not start within ${START_SECONDS} s: ${waiting}`);
    const line = waiting ?? "its pod runs";
    if (line !== told) say(line);
    told = line;
    await sleep(POLL_MILLISECONDS);
  }
}

/** What keeps the pod from running; undefined once it does. */
async function waitingFor(cluster: Cluster, job: string): Promise<string | undefined> {
  const { core, namespace } = cluster;
  const pod = await podOfJob(cluster, job);
  if (!pod) {
    const fieldSelector = `involvedObject.kind=Job,involvedObject.name=${job},type=Warning`;
    const { items } = await asked(core.listNamespacedEvent({ namespace, fieldSelector }));
    return items.at(-1)?.message ?? "it has no pod yet";
  }
  const { phase, containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  if (phase !== "Pending") return undefined;
  const unscheduled = unscheduledOf(pod.status);
  if (unscheduled) return `its pod finds no node: ${unscheduled.message ?? unscheduled.reason ?? ""}`;
  const [waiting] = [...initContainerStatuses, ...containerStatuses].flatMap(
    ({ state }) => state?.waiting ?? [],
  );
  return `its pod is being started: ${waiting?.message ?? waiting?.reason ?? "Pending"}`;
}

export async function podOfJob({ core, namespace }: Cluster, job: string): Promise<V1Pod | undefined> {
  const labelSelector = `batch.kubernetes.io/job-name=${job}`;
  const { items } = await asked(core.listNamespacedPod({ namespace, labelSelector }));
  // Where it was tried twice, the last one tells.
  return items.sort((a, b) => createdAt(a) - createdAt(b)).pop();
}

/** With its pod. One that is left behind goes by itself. */
async function remove({ batch, namespace }: Cluster, name: string): Promise<void> {
  await batch
    .deleteNamespacedJob({ name, namespace, propagationPolicy: "Background" })
    .catch(() => undefined);
}
