/** The alerts of a host. */
import type { MonitoringSettings } from "../monitoring.ts";
import { Postgres } from "../postgres.ts";
import { Redis } from "../redis.ts";
import {
  type AlertRule,
  certificateEnds,
  rule,
  serviceDown,
  slowOrWrong,
  soonOf,
} from "../../shared/metrics/alerts.ts";
import { CERTIFICATE_SECONDS, DISK_PERCENT, MEMORY_PERCENT, named } from "./expressions.ts";

/** Restarts in a quarter of an hour that are more than chance. */
const RESTARTS = 2;
/** Share of its memory limit, in percent, at which a container is close to being killed. */
const CONTAINER_MEMORY = 95;

/** @param services names of those that have metrics */
export function alertRules(settings: MonitoringSettings, services: readonly string[]): AlertRule[] {
  const { alerts } = settings;
  const soon = soonOf(alerts);
  return [...down(soon, services), ...slowOrWrong(alerts), ...ofContainers(alerts), ...ofHost(alerts)];
}

type Thresholds = MonitoringSettings["alerts"];

function down(soon: string, services: readonly string[]): AlertRule[] {
  const part = (alert: string, host: string, what: string) =>
    rule(
      alert,
      "critical",
      soon,
      `probe_success{job="part", instance="${host}"} == 0`,
      `${what} does not answer.`,
    );
  return [
    rule(
      "SiteDown",
      "critical",
      soon,
      'probe_success{job="site"} == 0',
      "{{ $labels.instance }} does not answer, or with 5xx.",
    ),
    part("PostgresDown", Postgres.host, "PostgreSQL"),
    part("RedisDown", Redis.host, "Redis"),
    ...services.map((service) => serviceDown(service, soon, "container")),
    rule(
      "TargetDown",
      "warning",
      soon,
      "up == 0",
      "{{ $labels.job }} at {{ $labels.instance }} gives no metrics.",
    ),
  ];
}

function ofContainers({ after }: Thresholds): AlertRule[] {
  return [
    rule(
      "ContainerDown",
      "critical",
      after,
      // While cAdvisor itself is down it says nothing of anybody.
      'tristack_container_info unless on (container_id) container_start_time_seconds and on () up{job="containers"} == 1',
      "A container of {{ $labels.resource }} does not run.",
    ),
    rule(
      "ContainerRestarting",
      "warning",
      "",
      named(`changes(container_start_time_seconds[15m]) >= ${RESTARTS}`),
      "A container of {{ $labels.resource }} has restarted {{ $value }} times in 15 minutes.",
    ),
    rule(
      "ContainerMemoryFull",
      "warning",
      after,
      named(
        `100 * container_memory_working_set_bytes / (container_spec_memory_limit_bytes > 0) > ${CONTAINER_MEMORY}`,
      ),
      'A container of {{ $labels.resource }} uses {{ $value | printf "%.0f" }} % of its memory limit.',
    ),
    rule(
      "OutOfMemory",
      "critical",
      "",
      "increase(node_vmstat_oom_kill[10m]) > 0",
      "A process was killed for want of memory, in a container that is at its limit or on the whole host.",
    ),
  ];
}

function ofHost({ disk, memory, certificate, after }: Thresholds): AlertRule[] {
  return [
    rule(
      "HostDiskFull",
      "critical",
      after,
      `${DISK_PERCENT} > ${disk}`,
      `The disk is {{ $value | printf "%.0f" }} % full (limit ${disk} %).`,
    ),
    rule(
      "HostDiskFillsUp",
      "warning",
      after,
      `predict_linear(node_filesystem_avail_bytes[6h], 24 * 3600) < 0 and ${DISK_PERCENT} > ${disk / 2}`,
      "At the rate of the last six hours the disk is full within a day.",
    ),
    rule(
      "HostMemoryLow",
      "warning",
      after,
      `${MEMORY_PERCENT} > ${memory}`,
      `{{ $value | printf "%.0f" }} % of the memory is in use (limit ${memory} %).`,
    ),
    certificateEnds(CERTIFICATE_SECONDS, { certificate, after }),
  ];
}
