/** The dashboard of a namespace. */
import {
  type MonitoringDashboard,
  type Plan,
  dashboardOf,
  requestPanels,
  stat,
} from "../../shared/metrics/dashboard.ts";
import type { MonitoringSettings } from "../monitoring.ts";

export interface DashboardOf {
  title: string;
  uid: string;
  /** Whose metrics these are. */
  namespace: string;
}

function sections({ alerts: { window } }: MonitoringSettings, scope: string): Record<string, Plan[]> {
  const overPod = (expr: string) => ({ "{{pod}}": expr });
  const ready = (set: string) =>
    `sum(kube_statefulset_status_replicas_ready{${scope}, statefulset="${set}"})`;
  return {
    Now: [
      stat("Alerts firing", "none", `count(ALERTS{${scope}, alertstate="firing"}) or vector(0)`),
      stat("Pods ready", "none", `sum(kube_pod_status_ready{${scope}, condition="true"})`),
      stat("PostgreSQL ready", "none", ready("postgres")),
      stat("Redis ready", "none", ready("redis")),
    ],
    Application: [...requestPanels(window, scope)],
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
