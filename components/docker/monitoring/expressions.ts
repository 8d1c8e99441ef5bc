/** Questions to Prometheus about a host and its containers, that alerts and dashboard have in common. */

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
