/** Prometheus' own configuration: what is looked at, how often, and where alerts go. */
import type { MonitoringSettings } from "../monitoring.ts";
import { PROXY_PORTS } from "../nginx/configuration.ts";
import { Postgres } from "../postgres.ts";
import { Proxy } from "../proxy.ts";
import { Redis } from "../redis.ts";
import { serviceAlias } from "../service.ts";
import { seconds } from "../../shared/units.ts";

/** Names and ports of monitoring's parts on its network. */
export const PARTS = {
  prometheus: { host: "prometheus", port: 9090 },
  alertmanager: { host: "alertmanager", port: 9093 },
  nodeExporter: { host: "node-exporter", port: 9100 },
  blackbox: { host: "blackbox", port: 9115 },
  cadvisor: { host: "cadvisor", port: 8080 },
  grafana: { host: "grafana", port: 3000 },
} as const;

/** A service that has metrics. */
export interface Scraped {
  name: string;
  port: number;
  /** Path of its metrics. */
  path: string;
}

export interface ScrapingArgs {
  settings: MonitoringSettings;
  /** Labels of everything that leaves this Prometheus, alerts among it. */
  labels: Record<string, string>;
  /** Public host name. */
  domain: string;
  services: Scraped[];
  /** Whether there is an Alertmanager. */
  alarms: boolean;
}

/** Longest time of one scrape or probe, in seconds. */
const MAX_TIMEOUT = 10;
/** Public paths that are asked for: the application, and what says that the stack serves. */
const SITE_PATHS = ["/", "/health"];
/** The id in a control group's name: `/docker/<id>`, or `/system.slice/docker-<id>.scope` under systemd. */
const CONTAINER_ID = ".*docker[-/]([0-9a-f]{64})(?:[.]scope)?";

/** Longest time of one look, in seconds. */
export function timeoutOf({ interval }: MonitoringSettings): number {
  return Math.min(seconds(interval), MAX_TIMEOUT);
}

/** The configuration as an object; `rulesFile` is where the rules lie. */
export function scraping(args: ScrapingArgs, rulesFile: string) {
  const { settings, labels, services, alarms } = args;
  return {
    global: {
      scrape_interval: settings.interval,
      scrape_timeout: `${timeoutOf(settings)}s`,
      evaluation_interval: settings.interval,
      external_labels: labels,
    },
    rule_files: [rulesFile],
    ...(alarms ? { alerting: { alertmanagers: [{ static_configs: [own("alertmanager")] }] } } : {}),
    scrape_configs: [
      { job_name: "prometheus", static_configs: [{ targets: [`localhost:${PARTS.prometheus.port}`] }] },
      { job_name: "host", static_configs: [own("nodeExporter")] },
      {
        job_name: "containers",
        // Series with times of their own would outlive their container by five minutes.
        honor_timestamps: false,
        static_configs: [own("cadvisor")],
        metric_relabel_configs: byContainerId(),
      },
      ...(alarms ? [{ job_name: "alarms", static_configs: [own("alertmanager")] }] : []),
      probe(
        "site",
        SITE_PATHS.map((path) => siteTarget(args.domain, path)),
      ),
      probe("part", [partTarget(Postgres), partTarget(Redis)]),
      ...services.map(ofService(settings)),
    ],
  };
}

function own(part: keyof typeof PARTS) {
  const { host, port } = PARTS[part];
  return { targets: [`${host}:${port}`] };
}

/** Containers are told apart by their ids; their names are joined in from `tristack_container_info`. */
function byContainerId() {
  return [
    { source_labels: ["id"], regex: CONTAINER_ID, target_label: "container_id" },
    { source_labels: ["container_id"], regex: "", action: "drop" },
    { regex: "id|name|image", action: "labeldrop" },
  ];
}

interface Probed {
  /** What is asked. */
  target: string;
  /** What it is called in alerts. */
  instance: string;
}

/** nginx is asked inside of the stack, by its public name: what lies before it, DNS above all, is not in this. */
function siteTarget(domain: string, path: string): Probed {
  return {
    target: `https://${Proxy.host}:${PROXY_PORTS.https}${path}`,
    instance: `https://${domain}${path}`,
  };
}

function partTarget({ host, port }: { host: string; port: number }): Probed {
  return { target: `${host}:${port}`, instance: host };
}

/** The exporter is asked about each target; what is asked, and how, are parameters of its URL. */
function probe(module: string, targets: Probed[]) {
  const { host, port } = PARTS.blackbox;
  return {
    job_name: module,
    metrics_path: "/probe",
    params: { module: [module] },
    static_configs: targets.map(({ target, instance }) => ({ targets: [target], labels: { instance } })),
    relabel_configs: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      { target_label: "__address__", replacement: `${host}:${port}` },
    ],
  };
}

/** The names of containers hold their release: Docker's DNS tells those of a service at every scrape. */
function ofService(settings: MonitoringSettings) {
  return ({ name, port, path }: Scraped) => ({
    job_name: `service/${name}`,
    metrics_path: path,
    dns_sd_configs: [{ names: [serviceAlias(name)], type: "A", port, refresh_interval: settings.interval }],
    relabel_configs: [{ target_label: "service", replacement: name }],
  });
}
