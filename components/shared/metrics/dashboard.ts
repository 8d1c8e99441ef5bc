/** A dashboard, as Grafana is given it. Its types are Grafana's own, and every question is one that Prometheus answers. */
import type {
  Dashboard,
  GridPos,
  Panel as AnyPanel,
  RowPanel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import { errorPercent, p95, requests } from "./requests.ts";

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
export interface Plan {
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

/** One number, with its title for a legend. */
export function stat(title: string, unit: string, expr: string): Plan {
  return { title, unit, targets: { [title]: expr }, type: "stat" };
}

/** What services tell of the requests that they have answered. @param scope matchers of whose requests */
export function requestPanels(window: string, ...scope: string[]): Plan[] {
  const overService = (expr: string) => ({ "{{service}}": expr });
  const own = scope.join(",");
  const endpoints = `sum by (method, endpoint) (rate(http_requests_total{${own}}[${window}]))`;
  return [
    { title: "Request Rate", unit: "reqps", targets: overService(requests(window, ...scope)) },
    { title: "Error Rate", unit: "percent", targets: overService(errorPercent(window, ...scope)) },
    { title: "Response Time p95", unit: "s", targets: overService(p95(window, ...scope)) },
    {
      title: "Busiest endpoints",
      unit: "reqps",
      targets: { "{{method}} {{endpoint}}": `topk(8, ${endpoints})` },
    },
    { title: "Active users", unit: "none", targets: overService(`max by (service) (active_users{${own}})`) },
  ];
}

export interface DashboardArgs {
  /** What Grafana knows it by. */
  uid: string;
  title: string;
  /** Sections with their panels, from top to bottom. */
  sections: Record<string, Plan[]>;
  /** One series by service and version, there for as long as a version runs. */
  running: string;
}

export function dashboardOf({ uid, title, sections, running }: DashboardArgs): MonitoringDashboard {
  const panels: (Panel | RowPanel)[] = [];
  let y = 0;
  for (const [section, plans] of Object.entries(sections)) {
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
    uid,
    title,
    schemaVersion: SCHEMA_VERSION,
    editable: false,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: { list: [] },
    annotations: { list: [releases(running)] },
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
function releases(running: string) {
  return {
    name: "Releases",
    enable: true,
    iconColor: "blue",
    datasource: DATASOURCE,
    expr: `${running} unless ${running} offset 1m`,
    titleFormat: "{{service}} {{version}}",
  };
}
