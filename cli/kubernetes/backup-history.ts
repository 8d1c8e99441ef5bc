/** What the Jobs of the two CronJobs tell: the last backup, the last one that failed, the last drill. */
import type { V1Job } from "@kubernetes/client-node";
import { labelSelectorOf } from "./labels.ts";
import { type Cluster, asked } from "./client.ts";
import { createdAt, isTrue, toTheSecond } from "./conditions.ts";
import { podOfJob } from "./job.ts";

export interface BackupHistory {
  /** As the host's records of the same names are: see components/live-status.ts. */
  readonly records: { readonly backup?: unknown; readonly restore?: { at: string; passed: boolean } };
  /** The last backup, where it failed. */
  readonly failure?: { readonly at: string; readonly reason: string };
}

/** Part of the stack, and name of its CronJob; that of the drill. */
export const BACKUP = "backup";
export const DRILL = "backup-drill";

export async function backupHistory(cluster: Cluster): Promise<BackupHistory> {
  const jobs = await backupJobs(cluster);
  const of = (cronJob: string) =>
    jobs
      .filter(({ metadata }) =>
        metadata?.ownerReferences?.some((one) => one.controller && one.name === cronJob),
      )
      .filter(({ status }) => isTrue(status?.conditions, "Complete") || isTrue(status?.conditions, "Failed"))
      .sort((a, b) => createdAt(b) - createdAt(a));
  const [backups, [drill]] = [of(BACKUP), of(DRILL)];
  const [last] = backups;
  const good = backups.find(hasPassed);
  const record = good && parsed(await statusOf(cluster, good));
  const restore = drill && { at: endOf(drill), passed: hasPassed(drill) };
  return {
    records: {
      ...(record ? { backup: { at: record.at, bytes: record.bytes } } : {}),
      ...(restore ? { restore } : {}),
    },
    ...(last && !hasPassed(last)
      ? { failure: { at: endOf(last), reason: lastLine(await statusOf(cluster, last)) } }
      : {}),
  };
}

/** Whether a Job works on the backups at the moment. */
export async function isBusy(cluster: Cluster): Promise<boolean> {
  return (await backupJobs(cluster)).some(({ status }) => (status?.active ?? 0) > 0);
}

async function backupJobs({ batch, namespace, owner }: Cluster): Promise<V1Job[]> {
  const labelSelector = labelSelectorOf(owner, BACKUP);
  return (await asked(batch.listNamespacedJob({ namespace, labelSelector }))).items;
}

function hasPassed({ status }: V1Job): boolean {
  return isTrue(status?.conditions, "Complete");
}

function endOf({ status }: V1Job): string {
  const at =
    status?.completionTime ?? status?.conditions?.find(({ status }) => status === "True")?.lastTransitionTime;
  return toTheSecond(new Date(at ?? 0));
}

/** What the keeper has left in its pod's status. */
async function statusOf(cluster: Cluster, job: V1Job): Promise<string> {
  const pod = await podOfJob(cluster, job.metadata?.name ?? "");
  const [keeper] = pod?.status?.containerStatuses ?? [];
  const text = keeper?.state?.terminated?.message ?? "";
  if (text !== "") return text;
  const failure = job.status?.conditions?.find(({ type }) => type === "Failed");
  return failure?.message ?? pod?.status?.message ?? "";
}

function parsed(text: string): { at: string; bytes: number } | undefined {
  try {
    return JSON.parse(text) as { at: string; bytes: number };
  } catch {
    return undefined;
  }
}

function lastLine(text: string): string {
  const line = text.trim().split("\n").pop() ?? "";
  return line.replace(/^backup: (ALARM: )?/, "");
}
