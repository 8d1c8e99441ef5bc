/** The dashboard of a host. */
import type { MonitoringSettings } from "../monitoring.ts";
import {
  type MonitoringDashboard,
  type Plan,
  dashboardOf,
  requestPanels,
  stat,
} from "../../shared/metrics/dashboard.ts";
import { CERTIFICATE_SECONDS, DISK_PERCENT, MEMORY_PERCENT, named } from "./expressions.ts";

/** Sections with their panels, from top to bottom. */
function sections({ alerts: { window } }: MonitoringSettings): Record<string, Plan[]> {
  const overPart = (expr: string) => ({ "{{resource}}": expr });
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
      ...requestPanels(window),
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
  const running = 'group by (service, version) (tristack_container_info{version!=""})';
  return dashboardOf({ uid: "tristack", title, sections: sections(settings), running });
}
