/** The dashboard, as Grafana is given it. Its types are Grafana's own, and every question is one that Prometheus answers. */
import type {
  Dashboard,
  GridPos,
  Panel as AnyPanel,
  RowPanel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import type { MonitoringSettings } from "../monitoring.ts";
import {
  CERTIFICATE_SECONDS,
  DISK_PERCENT,
  MEMORY_PERCENT,
  errorPercent,
  named,
  p95,
  requests,
} from "./expressions.ts";

type Target = Pick<Dataquery, "expr" | "legendFormat" | "refId">;
export type Panel = Omit<AnyPanel, "targets"> & { targets: Target[] };
/** As the SDK has it, but for a method that its types demand of questions. */
export type MonitoringDashboard = Omit<Dashboard, "panels" | "annotations"> & {
  panels: (Panel | RowPanel)[];
  annotations: { list: (NonNullable<Dashboard["annotations"]["list"]>[number] & { expr?: string })[] };
};

/** Uid of the data source, in its provisioning as well. */
export const DATASOURCE = { type: "prometheus", uid: "prometheus" } as const;

/** What a panel shows, before it has its place. */
interface Plan {
  title: string;
  unit: string;
  /** Expressions by legend. */
  targets: Record<string, string>;
  /** A number or a curve. @default timeseries */
  type?: "timeseries" | "stat";
  /** Upper end of the scale. */
  max?: number;
}

const COLUMNS = 24;
const SIZES = { timeseries: { w: 8, h: 8 }, stat: { w: 4, h: 4 } } as const;
/** Grafana's version of the form of dashboards. */
const SCHEMA_VERSION = 42;

/** Sections with their panels, from top to bottom. */
function sections({ alerts: { window } }: MonitoringSettings): Record<string, Plan[]> {
  const overService = (expr: string) => ({ "{{service}}": expr });
  const overPart = (expr: string) => ({ "{{resource}}": expr });
  const stat = (title: string, unit: string, expr: string): Plan => ({
    title,
    unit,
    targets: { [title]: expr },
    type: "stat",
  });
  return {
    Now: [
      stat("Alerts firing", "none", 'count(ALERTS{alertstate="firing"}) or vector(0)'),
      stat("Site answers", "bool_yes_no", 'min(probe_success{job="site"})'),
      stat("PostgreSQL answers", "bool_yes_no", 'probe_success{job="part", instance="postgres"}'),
      stat("Redis answers", "bool_yes_no", 'probe_success{job="part", instance="redis"}'),
      stat("Certificate ends in", "s", CERTIFICATE_SECONDS),
      stat("Disk used", "percent", DISK_PERCENT),
    ],
    Application: [
      { title: "Request Rate", unit: "reqps", targets: overService(requests(window)) },
      { title: "Error Rate", unit: "percent", targets: overService(errorPercent(window)) },
      { title: "Response Time p95", unit: "s", targets: overService(p95(window)) },
      {
        title: "Busiest endpoints",
        unit: "reqps",
        targets: {
          "{{method}} {{endpoint}}": `topk(8, sum by (method, endpoint) (rate(http_requests_total[${window}])))`,
        },
      },
      { title: "Active users", unit: "none", targets: overService("max by (service) (active_users)") },
      {
        title: "Time of nginx's answer",
        unit: "s",
        targets: { "{{instance}}": 'probe_duration_seconds{job="site"}' },
      },
    ],
    Containers: [
      {
        title: "CPU",
        unit: "percentunit",
        targets: overPart(
          `sum by (resource) (${named(`rate(container_cpu_usage_seconds_total[${window}])`)})`,
        ),
      },
      {
        title: "Memory",
        unit: "bytes",
        targets: overPart(`sum by (resource) (${named("container_memory_working_set_bytes")})`),
      },
      {
        title: "Restarts in an hour",
        unit: "none",
        targets: overPart(`sum by (resource) (${named("changes(container_start_time_seconds[1h])")})`),
      },
    ],
    Host: [
      {
        title: "CPU busy",
        unit: "percent",
        max: 100,
        targets: { busy: `100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[${window}])))` },
      },
      { title: "Memory used", unit: "percent", max: 100, targets: { memory: MEMORY_PERCENT } },
      {
        title: "Load",
        unit: "none",
        targets: { "1 minute": "node_load1", "15 minutes": "node_load15" },
      },
    ],
  };
}

export function dashboard(settings: MonitoringSettings, title: string): MonitoringDashboard {
  const panels: (Panel | RowPanel)[] = [];
  let y = 0;
  for (const [section, plans] of Object.entries(sections(settings))) {
    panels.push(row(section, panels.length + 1, y));
    y += 1;
    let x = 0;
    let height = 0;
    for (const plan of plans) {
      const size = SIZES[plan.type ?? "timeseries"];
      if (x + size.w > COLUMNS) {
        x = 0;
        y += height;
      }
      panels.push(panel(plan, panels.length + 1, { x, y, ...size }));
      x += size.w;
      height = size.h;
    }
    y += height;
  }
  return {
    uid: "tristack",
    title,
    schemaVersion: SCHEMA_VERSION,
    editable: false,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: { list: [] },
    annotations: { list: [releases()] },
    panels,
  };
}

function row(title: string, id: number, y: number): RowPanel {
  return { type: "row", id, title, collapsed: false, panels: [], gridPos: { x: 0, y, w: COLUMNS, h: 1 } };
}

function panel(
  { title, unit, targets, type = "timeseries", max }: Plan,
  id: number,
  gridPos: GridPos,
): Panel {
  return {
    type,
    id,
    title,
    datasource: DATASOURCE,
    gridPos,
    targets: Object.entries(targets).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      expr,
      legendFormat,
    })),
    fieldConfig: { defaults: { unit, min: 0, ...(max === undefined ? {} : { max }) }, overrides: [] },
  };
}

/** A mark where a version begins to run: for as long as it was not there a minute earlier. */
function releases() {
  const running = 'group by (service, version) (tristack_container_info{version!=""}';
  return {
    name: "Releases",
    enable: true,
    iconColor: "blue",
    datasource: DATASOURCE,
    expr: `${running}) unless ${running} offset 1m)`,
    titleFormat: "{{service}} {{version}}",
  };
}
