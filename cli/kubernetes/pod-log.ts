/** The log of one pod, line by line. */
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import type { LogOptions } from "../carrier.ts";
import { badInput } from "../errors.ts";
import { type Cluster, asked } from "./client.ts";

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** @returns false where the pod went before its log had ended */
export async function podLog(
  { core, log, namespace }: Cluster,
  name: string,
  { follow, tail, since }: LogOptions,
  line: (text: string) => void,
): Promise<boolean> {
  const pod = await asked(core.readNamespacedPod({ name, namespace }));
  const container = pod.spec?.containers[0]?.name ?? "";
  const stream = new PassThrough();
  const options = { follow, timestamps: true, tailLines: tail, ...sinceOf(since) };
  await asked(log.log(namespace, name, container, stream, options));
  try {
    for await (const text of createInterface({ input: stream })) line(text);
    return true;
  } catch {
    return false;
  }
}

/** `10m`, or a time. */
export function sinceOf(since: string | undefined): { sinceSeconds?: number; sinceTime?: string } {
  if (since === undefined) return {};
  const [, amount, unit = ""] = /^(\d{1,6})([smhd])$/.exec(since) ?? [];
  if (amount !== undefined) return { sinceSeconds: Math.max(1, Number(amount) * (SECONDS[unit] ?? 1)) };
  const time = new Date(since);
  if (!Number.isNaN(time.getTime())) return { sinceTime: time.toISOString() };
  throw badInput(`--since: ${since}; needs a duration such as 10m, or a time such as 2026-11-24T10:00:00Z`);
}
