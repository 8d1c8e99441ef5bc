/** nginx's upstreams: the containers of a release, as switch.sh probes them and watch.sh writes them for nginx. */
import type { Service } from "../../settings.ts";
import { seconds } from "../../shared/units.ts";

/** A server as the proxy sees it. */
export interface Upstream {
  service: string;
  /** Name on the frontend network. It holds the release, so that two releases can run side by side. */
  host: string;
  port: number;
  healthPath: string;
  /** Seconds that it may take to become healthy. */
  startupSeconds: number;
}

/** The upstreams of one service; none for a worker, which has no port. */
export function upstreamsOf(service: string, hosts: string[], settings: Service): Upstream[] {
  const { port, health } = settings;
  if (port === undefined) return [];
  const startupSeconds = seconds(health.startup);
  return hosts.map((host) => ({ service, host, port, healthPath: health.path, startupSeconds }));
}

/** What the switch hands to nginx's container: a line each, "<service> <host> <port> <health path> <seconds>". */
export function upstreamLines(upstreams: Upstream[]): string {
  return upstreams
    .map(({ service, host, port, healthPath, startupSeconds }) =>
      [service, host, port, healthPath, startupSeconds].join(" ").concat("\n"),
    )
    .join("");
}
