/** What CloudWatch sees of the stack while a release comes: its alarms, and how many requests failed. Late by a minute or two. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  type MetricAlarm,
} from "@aws-sdk/client-cloudwatch";
import type { TrafficLog } from "../carrier.ts";
import type { TrafficReport } from "../traffic.ts";
import type { Parts } from "./parts.ts";

const PAUSE_MS = 5000;
/** API Gateway counts by the minute. */
const PERIOD_SECONDS = 60;

export class AlarmWatch implements TrafficLog {
  readonly #metrics: CloudWatchClient;
  readonly #parts: Parts;
  readonly #began = new Date();
  /** Alarms that rang before anything was changed say nothing of the release, until they have been quiet once. */
  readonly #ringingBefore: Set<string>;
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  #trouble: string | undefined;
  #counts: TrafficReport = { requests: 0, failed: 0 };

  private constructor(metrics: CloudWatchClient, parts: Parts, ringing: Iterable<string>) {
    this.#metrics = metrics;
    this.#parts = parts;
    this.#ringingBefore = new Set(ringing);
    this.#watching = this.#watch();
  }

  static async begin(metrics: CloudWatchClient, parts: Parts): Promise<AlarmWatch> {
    const ringing = (await alarmsOf(metrics, parts)).filter(rings);
    return new AlarmWatch(
      metrics,
      parts,
      ringing.map(({ AlarmName = "" }) => AlarmName),
    );
  }

  /** Alarms that rang as it began. */
  get ringingBefore(): readonly string[] {
    return [...this.#ringingBefore];
  }

  trouble(): string | undefined {
    return this.#trouble;
  }

  /** Of all releases together: API Gateway does not know them apart. */
  of(): TrafficReport {
    return this.#counts;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // What is not known this time is known the next time.
      await Promise.all([this.#look().catch(() => undefined), this.#count().catch(() => undefined)]);
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const alarms = await alarmsOf(this.#metrics, this.#parts);
    for (const { AlarmName = "", StateValue } of alarms)
      if (StateValue === "OK") this.#ringingBefore.delete(AlarmName);
    const ringing = alarms.find((alarm) => rings(alarm) && !this.#ringingBefore.has(alarm.AlarmName ?? ""));
    if (ringing)
      this.#trouble ??= `the alarm ${ringing.AlarmName ?? ""} rings: ${ringing.AlarmDescription ?? ringing.StateReason ?? ""}`;
  }

  async #count(): Promise<void> {
    const { apiId } = this.#parts;
    if (apiId === undefined) return;
    const metric = (Id: string, MetricName: string) => ({
      Id,
      MetricStat: {
        Metric: {
          Namespace: "AWS/ApiGateway",
          MetricName,
          Dimensions: [{ Name: "ApiId", Value: apiId }],
        },
        Period: PERIOD_SECONDS,
        Stat: "Sum",
      },
    });
    const { MetricDataResults = [] } = await this.#metrics.send(
      new GetMetricDataCommand({
        StartTime: this.#began,
        EndTime: new Date(),
        MetricDataQueries: [metric("requests", "Count"), metric("failed", "5xx")],
      }),
    );
    const sumOf = (id: string) =>
      (MetricDataResults.find(({ Id }) => Id === id)?.Values ?? []).reduce((sum, value) => sum + value, 0);
    this.#counts = { requests: sumOf("requests"), failed: sumOf("failed") };
  }
}

async function alarmsOf(metrics: CloudWatchClient, { alarms }: Parts): Promise<MetricAlarm[]> {
  if (alarms.length === 0) return [];
  const request = new DescribeAlarmsCommand({ AlarmNames: [...alarms], AlarmTypes: ["MetricAlarm"] });
  return (await metrics.send(request)).MetricAlarms ?? [];
}

function rings({ StateValue }: MetricAlarm): boolean {
  return StateValue === "ALARM";
}
