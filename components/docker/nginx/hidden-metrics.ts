/** Metrics are for Prometheus, which asks the containers themselves: where a route leads to them, nginx says 404. */

export interface HiddenMetricsArgs {
  routes: Record<string, string[]>;
  metrics: Record<string, string>;
}

/** What hides metrics that the routes would make public; nothing where they lead elsewhere, as for most. */
export function hiddenMetrics({ routes, metrics }: HiddenMetricsArgs): string[] {
  return Object.entries(metrics).flatMap(([service, path]) => {
    const bare = path.replace(/\/+$/, "");
    if (ownerOf(`${bare}/`, routes) !== service) return [];
    // In any case of letters, as some frameworks take it, and with whatever below it, as others do.
    const pattern = bare === "" ? "/$" : `${bare.replaceAll(".", "\\.")}(/|$)`;
    // Before any location is looked for: that of a route can be an exact one, which no other would come before.
    return [`    if ($uri ~* "^${pattern}") { return 404; }`];
  });
}

/** The service with the longest route that the path lies under. */
function ownerOf(path: string, routes: Record<string, string[]>): string | undefined {
  const matches = Object.entries(routes).flatMap(([service, paths]) =>
    paths
      .map((route) => `${route.replace(/\/+$/, "")}/`)
      .filter((route) => path.startsWith(route))
      .map((route) => ({ service, length: route.length })),
  );
  return matches.sort((a, b) => b.length - a.length)[0]?.service;
}
