/** Monitoring of a VPS: what of the settings it needs, and what of the stack it watches. */
import type * as docker from "@pulumi/docker";
import type { Watched } from "../docker/container.ts";
import { Monitoring } from "../docker/monitoring.ts";
import type { Networks } from "../docker/network.ts";
import { type VpsSettings, secretValue } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";

/** undefined where the settings have none. */
export function monitoringOf(
  settings: VpsSettings,
  owner: Owner,
  { frontend, backend }: Networks,
  parts: readonly ({ watched: Watched[] } | undefined)[],
  opts: { providers: docker.Provider[] },
) {
  const { monitoring, images, domain, alarm, certificates } = settings;
  if (!monitoring) return undefined;
  const made = new Monitoring(
    "monitoring",
    {
      owner,
      settings: monitoring,
      images,
      carrierImage: images.nginx,
      domain,
      trustedCertificate: certificates.issuer !== "self-signed",
      services: scrapedOf(settings),
      frontend,
      backend,
      alarm: alarm === undefined ? undefined : secretValue(settings, alarm),
      watched: parts.flatMap((part) => part?.watched ?? []),
    },
    opts,
  );
  return { output: Monitoring.output(monitoring), metrics: made.metrics };
}

/** Services with metrics, sorted: Pulumi gives settings back from its outputs in another order than the file has. */
function scrapedOf({ services }: VpsSettings) {
  return Object.entries(services)
    .flatMap(([name, { port, metrics }]) =>
      port === undefined || metrics === undefined ? [] : [{ name, port, path: metrics }],
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
