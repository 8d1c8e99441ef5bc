/** A log in CloudWatch: of one version of a service's function, or of the database. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type CloudWatchLogsClient,
  FilterLogEventsCommand,
  type FilteredLogEvent,
} from "@aws-sdk/client-cloudwatch-logs";
import type { LogOptions } from "../carrier.ts";
import { badInput } from "../errors.ts";
import { orIfMissing } from "./asked.ts";

const PAUSE_MS = 2000;
/** CloudWatch has no end to begin at: what is older than this is not looked through for the last lines. */
const LOOKED_BACK = "1h";
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

export interface LogPlace {
  /** Nothing is in one that is not there yet. */
  readonly group: string;
  /** What names of the streams have, such as `[7]` those of a function's version 7 (default: all streams). */
  readonly stream?: string;
}

export async function cloudWatchLog(
  logs: CloudWatchLogsClient,
  { group, stream = "" }: LogPlace,
  { follow, tail, since }: LogOptions,
  line: (text: string) => void,
): Promise<void> {
  let from = timeOf(since ?? LOOKED_BACK);
  let last = tail;
  for (;;) {
    const events = (await read(logs, group, from)).filter(
      ({ logStreamName }) => logStreamName?.includes(stream) ?? false,
    );
    for (const { timestamp = 0, message = "" } of events.slice(
      last === undefined ? 0 : -last || events.length,
    )) {
      line(`${new Date(timestamp).toISOString()} ${message.trimEnd()}`);
    }
    if (!follow) return;
    last = undefined;
    from = Math.max(from, ...events.map(({ timestamp = 0 }) => timestamp + 1));
    await sleep(PAUSE_MS);
  }
}

async function read(logs: CloudWatchLogsClient, logGroupName: string, startTime: number) {
  const events: FilteredLogEvent[] = [];
  for (let nextToken: string | undefined; ;) {
    const page = await orIfMissing(
      logs.send(new FilterLogEventsCommand({ logGroupName, startTime, nextToken })),
    );
    events.push(...(page?.events ?? []));
    nextToken = page?.nextToken;
    if (nextToken === undefined) return events;
  }
}

/** A time, or how long ago, in milliseconds since 1970. */
export function timeOf(since: string, now = Date.now()): number {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(since) ?? [];
  if (amount !== undefined && unit !== undefined) return now - Number(amount) * (UNITS[unit] ?? 0) * 1000;
  const time = Date.parse(since);
  if (Number.isNaN(time))
    throw badInput(`--since: ${JSON.stringify(since)}; needs a time, or how long ago, such as 10m`);
  return time;
}
