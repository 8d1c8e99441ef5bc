/** What everybody sees of a release on a cluster: the requests that its pods count themselves, in their metrics. */
import { request } from "node:http";
import { Duplex, PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { PortForward, type V1Pod } from "@kubernetes/client-node";
import type { TrafficLog } from "../carrier.ts";
import type { TrafficReport } from "../traffic.ts";
import type { Cluster } from "./client.ts";
import { podsOfStack } from "./pods.ts";

const INTERVAL_MILLISECONDS = 2000;
/** Time in which a pod answers, or is asked again the next time. */
const TIMEOUT_MILLISECONDS = 3000;

/**
 * Pods that were not there at the beginning are the release's, and what they have counted since they began is all of it. They are
 * asked through the API server into the pod itself, where no NetworkPolicy stands in between. A pod that does not say is left out.
 */
export class PodTraffic implements TrafficLog {
  readonly #cluster: Cluster;
  readonly #before: ReadonlySet<string>;
  readonly #counts = new Map<string, TrafficReport>();
  readonly #stopped = new AbortController();
  readonly #watching: Promise<void>;

  private constructor(cluster: Cluster, before: ReadonlySet<string>) {
    this.#cluster = cluster;
    this.#before = before;
    this.#watching = this.#watch();
  }

  static async begin(cluster: Cluster): Promise<PodTraffic> {
    const pods = await podsOfStack(cluster);
    return new PodTraffic(cluster, new Set(pods.map(nameOf)));
  }

  of(): TrafficReport {
    const all = [...this.#counts.values()];
    return {
      requests: all.reduce((sum, { requests }) => sum + requests, 0),
      failed: all.reduce((sum, { failed }) => sum + failed, 0),
    };
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      // Nothing that goes wrong here is the release's fault: the next look may tell more.
      await this.#look().catch(() => undefined);
      await sleep(INTERVAL_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const pods = (await podsOfStack(this.#cluster)).filter((pod) => !this.#before.has(nameOf(pod)));
    await Promise.all(
      pods.map(async (pod) => {
        const metrics = metricsOf(pod);
        if (!metrics || pod.status?.phase !== "Running") return;
        const answer = await Promise.race([
          ask(this.#cluster, nameOf(pod), metrics).catch(() => undefined),
          sleep(TIMEOUT_MILLISECONDS, undefined, { ref: false }),
        ]);
        if (answer !== undefined) this.#counts.set(nameOf(pod), requestsIn(answer));
      }),
    );
  }
}

interface Metrics {
  readonly port: number;
  readonly path: string;
}

function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? "";
}

/** Where a pod's metrics are, by the annotations that Prometheus' own examples use. */
function metricsOf({ metadata }: V1Pod): Metrics | undefined {
  const { "prometheus.io/port": port, "prometheus.io/path": path } = metadata?.annotations ?? {};
  return port === undefined || path === undefined ? undefined : { port: Number(port), path };
}

async function ask({ config, namespace }: Cluster, pod: string, { port, path }: Metrics): Promise<string> {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const forward = new PortForward(config).portForward(namespace, pod, [port], back, null, there);
  const socket = (await (forward as Promise<unknown>)) as Socket | (() => Socket | null);
  const connection = Duplex.from({ readable: back, writable: there });
  try {
    return await answerOf(connection, path);
  } finally {
    connection.destroy();
    (typeof socket === "function" ? socket() : socket)?.close();
  }
}

/** What the client hands out, whose own type is of a package that it does not bring. */
interface Socket {
  close(): void;
}

function answerOf(connection: Duplex, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { Host: "localhost", Connection: "close" };
    const asking = request({ path, headers, createConnection: () => connection }, (answer) => {
      text(answer).then(resolve, reject);
    });
    asking.on("error", reject).end();
  });
}

const COUNTER = /^http_requests_total\{(.*)\}\s+([\d.e+]+)/;

/** The counter that alerts and dashboards read as well (components/shared/metrics/requests.ts), in Prometheus' text format. */
export function requestsIn(metrics: string): TrafficReport {
  let [requests, failed] = [0, 0];
  for (const line of metrics.split("\n")) {
    const [, labels = "", value = ""] = COUNTER.exec(line) ?? [];
    if (value === "") continue;
    requests += Number(value);
    if (/(^|,)status="5\d\d"/.test(labels)) failed += Number(value);
  }
  return { requests, failed };
}
