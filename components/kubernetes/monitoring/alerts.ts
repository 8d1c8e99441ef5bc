/** The alerts of a namespace, from the services' own metrics, kube-state-metrics, the kubelet and cert-manager. */
import {
  type AlertRule,
  certificateEnds,
  rule,
  serviceDown,
  slowOrWrong,
  soonOf,
} from "../../shared/metrics/alerts.ts";
import type { MonitoringSettings } from "../monitoring.ts";

export interface Watched {
  /** Whose metrics these are, in a Prometheus that knows those of others as well. */
  namespace: string;
  /** Services that have metrics. */
  services: string[];
  /** Whether cert-manager renews the certificate. */
  renewed: boolean;
  /** Seconds after which a backup is late; undefined: there are none. */
  backupLateAfterSeconds: number | undefined;
}

type Thresholds = MonitoringSettings["alerts"];

/** Restarts in a quarter of an hour that are more than chance. */
const RESTARTS = 2;

export function alertRules({ alerts }: MonitoringSettings, watched: Watched): AlertRule[] {
  const { namespace, services, renewed, backupLateAfterSeconds } = watched;
  const scope = `namespace="${namespace}"`;
  const soon = soonOf(alerts);
  return [
    ...down(scope, soon, alerts.after, services),
    ...slowOrWrong(alerts, scope),
    ...ofContainers(scope, alerts),
    volumeFull(scope, alerts),
    ...(renewed ? [certificate(scope, alerts)] : []),
    ...(backupLateAfterSeconds === undefined ? [] : ofBackups(scope, backupLateAfterSeconds)),
  ];
}

function down(scope: string, soon: string, after: string, services: readonly string[]): AlertRule[] {
  const part = (alert: string, set: string, what: string) =>
    rule(
      alert,
      "critical",
      soon,
      `kube_statefulset_status_replicas_ready{${scope}, statefulset="${set}"} < 1`,
      `${what} is not ready.`,
    );
  return [
    part("PostgresDown", "postgres", "PostgreSQL"),
    part("RedisDown", "redis", "Redis"),
    ...services.map((service) => serviceDown(service, soon, "pod", scope)),
    rule(
      "PodsMissing",
      "warning",
      after,
      `kube_deployment_status_replicas_available{${scope}} < kube_deployment_spec_replicas{${scope}}`,
      "{{ $labels.deployment }} has fewer pods than it should.",
    ),
  ];
}

function ofContainers(scope: string, { memory, after }: Thresholds): AlertRule[] {
  const own = "on (namespace, pod, container)";
  const restarts = (window: string) =>
    `increase(kube_pod_container_status_restarts_total{${scope}}[${window}])`;
  const used = `container_memory_working_set_bytes{${scope}, container!=""}`;
  const limit = `kube_pod_container_resource_limits{${scope}, resource="memory"}`;
  return [
    rule(
      "ContainerRestarting",
      "warning",
      "",
      `${restarts("15m")} >= ${RESTARTS}`,
      'Container {{ $labels.container }} of {{ $labels.pod }} has restarted {{ $value | printf "%.0f" }} times in 15 minutes.',
    ),
    rule(
      "OutOfMemory",
      "critical",
      "",
      `kube_pod_container_status_last_terminated_reason{${scope}, reason="OOMKilled"} == 1 and ${own} ${restarts("10m")} > 0`,
      "Container {{ $labels.container }} of {{ $labels.pod }} was killed at its memory limit.",
    ),
    rule(
      "ContainerMemoryFull",
      "warning",
      after,
      `100 * max by (namespace, pod, container) (${used}) / ${own} max by (namespace, pod, container) (${limit}) > ${memory}`,
      'Container {{ $labels.container }} of {{ $labels.pod }} uses {{ $value | printf "%.0f" }} % of its memory limit.',
    ),
  ];
}

function volumeFull(scope: string, { disk, after }: Thresholds): AlertRule {
  const share = `100 * kubelet_volume_stats_used_bytes{${scope}} / kubelet_volume_stats_capacity_bytes{${scope}}`;
  const summary = `The volume {{ $labels.persistentvolumeclaim }} is {{ $value | printf "%.0f" }} % full (limit ${disk} %).`;
  return rule("VolumeFull", "critical", after, `${share} > ${disk}`, summary);
}

/** Without `honorLabels`, Prometheus calls the metric's own namespace `exported_namespace`. */
function certificate(scope: string, alerts: Thresholds): AlertRule {
  const ends = "certmanager_certificate_expiration_timestamp_seconds";
  return certificateEnds(`min(${ends}{${scope}} or ${ends}{exported_${scope}}) - time()`, alerts);
}

function ofBackups(scope: string, lateAfterSeconds: number): AlertRule[] {
  return [
    rule(
      "BackupFailed",
      "critical",
      "",
      `kube_job_status_failed{${scope}, job_name=~"backup-.*"} > 0 and on (namespace, job_name) time() - kube_job_status_start_time{${scope}} < 86400`,
      "{{ $labels.job_name }} has failed within the last day.",
    ),
    rule(
      "BackupLate",
      "critical",
      "",
      `time() - kube_cronjob_status_last_successful_time{${scope}, cronjob="backup"} > ${lateAfterSeconds}`,
      "The newest backup is {{ $value | humanizeDuration }} old.",
    ),
  ];
}
