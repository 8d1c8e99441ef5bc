/** Questions to Prometheus that alerts and dashboard have in common. Rates are summed before anything is made of them. */

/** Requests a second by service. @param window such as `5m` @param matchers such as `status=~"5.."` */
export function requests(window: string, matchers = ""): string {
  return `sum by (service) (rate(http_requests_total{${matchers}}[${window}]))`;
}

/** Share of answers with 5xx, in percent, by service; 0 where there is none, nothing where nobody asked. */
export function errorPercent(window: string): string {
  const all = requests(window);
  return `100 * (${requests(window, 'status=~"5.."')} or 0 * ${all}) / (${all} > 0)`;
}

/** Seconds within which 95 of 100 requests were answered, by service. */
export function p95(window: string): string {
  return `histogram_quantile(0.95, sum by (service, le) (rate(http_request_duration_seconds_bucket[${window}])))`;
}

/** What cAdvisor says of containers, with the names that they have in the stack; those of others drop out. */
export function named(expression: string): string {
  return `(${expression}) * on (container_id) group_left (resource, service, version) tristack_container_info`;
}

const USED = "(node_filesystem_size_bytes - node_filesystem_free_bytes)";

/** Used share of the disk, in percent, as df says it: what is reserved for root counts as neither used nor free. */
export const DISK_PERCENT = `100 * ${USED} / (${USED} + node_filesystem_avail_bytes)`;

/** Used share of the memory, in percent. */
export const MEMORY_PERCENT = "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)";

/** Seconds until the certificate ends. */
export const CERTIFICATE_SECONDS = 'min(probe_ssl_earliest_cert_expiry{job="site"}) - time()';
