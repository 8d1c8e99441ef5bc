/** The dashboard of a namespace. */
import { type MonitoringDashboard, type Plan, dashboardOf, stat } from "../../shared/metrics/dashboard.ts";
import { errorPercent, p95, requests } from "../../shared/metrics/requests.ts";
import type { MonitoringSettings } from "../monitoring.ts";

export interface DashboardOf {
  title: string;
  uid: string;
  /** Whose metrics these are. */
  namespace: string;
}

function sections({ alerts: { window } }: MonitoringSettings, scope: string): Record<string, Plan[]> {
  const overService = (expr: string) => ({ "{{service}}": expr });
  const overPod = (expr: string) => ({ "{{pod}}": expr });
  const ready = (set: string) =>
    `sum(kube_statefulset_status_replicas_ready{${scope}, statefulset="${set}"})`;
  const endpoints = `sum by (method, endpoint) (rate(http_requests_total{${scope}}[${window}]))`;
  return {
    Now: [
      stat("Alerts firing", "none", `count(ALERTS{${scope}, alertstate="firing"}) or vector(0)`),
      stat("Pods ready", "none", `sum(kube_pod_status_ready{${scope}, condition="true"})`),
      stat("PostgreSQL ready", "none", ready("postgres")),
      stat("Redis ready", "none", ready("redis")),
    ],
    Application: [
      { title: "Request Rate", unit: "reqps", targets: overService(requests(window, scope)) },
      { title: "Error Rate", unit: "percent", targets: overService(errorPercent(window, scope)) },
      { title: "Response Time p95", unit: "s", targets: overService(p95(window, scope)) },
      {
        title: "Busiest endpoints",
        unit: "reqps",
        targets: { "{{method}} {{endpoint}}": `topk(8, ${endpoints})` },
      },
      {
        title: "Active users",
        unit: "none",
        targets: overService(`max by (service) (active_users{${scope}})`),
      },
    ],
    Pods: [
      {
        title: "CPU",
        unit: "none",
        targets: overPod(
          `sum by (pod) (rate(container_cpu_usage_seconds_total{${scope}, container!=""}[${window}]))`,
        ),
      },
      {
        title: "Memory",
        unit: "bytes",
        targets: overPod(`sum by (pod) (container_memory_working_set_bytes{${scope}, container!=""})`),
      },
      {
        title: "Restarts in an hour",
        unit: "none",
        targets: overPod(`sum by (pod) (increase(kube_pod_container_status_restarts_total{${scope}}[1h]))`),
      },
      {
        title: "Volumes used",
        unit: "percent",
        max: 100,
        targets: {
          "{{persistentvolumeclaim}}": `100 * kubelet_volume_stats_used_bytes{${scope}} / kubelet_volume_stats_capacity_bytes{${scope}}`,
        },
      },
    ],
  };
}

export function dashboard(
  settings: MonitoringSettings,
  { title, uid, namespace }: DashboardOf,
): MonitoringDashboard {
  const scope = `namespace="${namespace}"`;
  const running = `group by (service, version) (up{${scope}, version!=""} == 1)`;
  return dashboardOf({ uid, title, sections: sections(settings, scope), running });
}
