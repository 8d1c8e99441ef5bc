/**
 * Questions to Prometheus about the requests that services have answered, in alerts and on dashboards. Rates are summed before
 * anything is made of them. `scope` are matchers of whose requests: none where Prometheus knows one stack alone.
 */

/** Requests a second by service. @param window such as `5m` @param matchers such as `status=~"5.."` */
export function requests(window: string, ...matchers: string[]): string {
  return `sum by (service) (rate(http_requests_total{${matchers.join(",")}}[${window}]))`;
}

/** Share of answers with 5xx, in percent, by service; 0 where there is none, nothing where nobody asked. */
export function errorPercent(window: string, ...scope: string[]): string {
  const all = requests(window, ...scope);
  return `100 * (${requests(window, ...scope, 'status=~"5.."')} or 0 * ${all}) / (${all} > 0)`;
}

/** Seconds within which 95 of 100 requests were answered, by service. */
export function p95(window: string, ...scope: string[]): string {
  const buckets = `rate(http_request_duration_seconds_bucket{${scope.join(",")}}[${window}])`;
  return `histogram_quantile(0.95, sum by (service, le) (${buckets}))`;
}
