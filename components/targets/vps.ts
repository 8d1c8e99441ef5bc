/** A VPS: everything in containers on one Docker Engine. Wiring only. */
import { Certificates } from "../docker/certificates.ts";
import { dockerProvider } from "../docker/host.ts";
import { Networks } from "../docker/network.ts";
import { PROXY_PORTS, nginxConfiguration } from "../docker/nginx/configuration.ts";
import { POSTGRES_PASSWORD_FILE, Postgres } from "../docker/postgres.ts";
import { Proxy } from "../docker/proxy.ts";
import { Records } from "../docker/records.ts";
import { Redis } from "../docker/redis.ts";
import { Service } from "../docker/service.ts";
import { Switch } from "../docker/switch.ts";
import type { Built } from "../outputs.ts";
import { type Release, imageOf } from "../release.ts";
import { type Service as ServiceSettings, type VpsSettings, isProtected, secretValue } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { fingerprint } from "../shared/names.ts";
import { seconds } from "../shared/units.ts";

export function vps(settings: VpsSettings, release: Release, owner: Owner): Built {
  const { images, domain } = settings;
  const opts = { providers: [dockerProvider(settings)] };
  const protect = isProtected(settings.environment.kind);

  const records = new Records("records", { owner, protect }, opts);
  const networks = new Networks("network", { owner }, opts);
  const { frontend, backend } = networks;
  const postgres = new Postgres(
    "postgres",
    { owner, image: images.postgres, ...databaseArgs(settings), network: backend, protect },
    opts,
  );
  const redis = new Redis(
    "redis",
    { owner, image: images.redis, ...settings.cache, network: backend, protect },
    opts,
  );
  const certificates = new Certificates(
    "certificates",
    { owner, image: images.certbot, domain, issuer: settings.certificates, network: frontend, protect },
    opts,
  );
  const proxy = new Proxy(
    "proxy",
    {
      owner,
      image: images.nginx,
      httpPort: settings.proxy.httpPort,
      httpsPort: settings.proxy.httpsPort,
      network: frontend,
      certificates: certificates.volume,
      webroot: certificates.webroot,
    },
    opts,
  );

  const services = Object.entries(settings.services).map(([name, service]) => {
    const uses = connections(service, { database: postgres, cache: redis });
    return new Service(
      name,
      {
        owner,
        settings: service,
        version: release.version,
        image: imageOf(release, name, service.image),
        environment: { PROXY_URL: `http://${Proxy.host}:${PROXY_PORTS.internal}`, ENVIRONMENT: owner.stack },
        secrets: { ...uses.secrets, ...secretsOf(settings, service) },
        carrierImage: images.nginx,
        secretValues: pick(settings.secrets, service.secrets),
        networks: uses.dependsOn.length > 0 ? [frontend, backend] : [frontend],
      },
      { ...opts, dependsOn: uses.dependsOn },
    );
  });

  const releaseId = releaseIdOf(settings, release, services);
  const switched = new Switch(
    "switch",
    {
      owner,
      image: images.nginx,
      releaseId,
      upstreams: services.flatMap((service) => service.upstreams),
      nginxConfiguration: nginxConfiguration(configurationArgs(settings, releaseId)),
      network: frontend,
      configuration: proxy.configuration,
    },
    { ...opts, dependsOn: [proxy, ...services] },
  );

  return {
    releaseId: switched.releaseId,
    database: {
      version: "16",
      host: Postgres.host,
      port: Postgres.port,
      secretRef: `file:${POSTGRES_PASSWORD_FILE}`,
    },
    volumes: [
      { name: "database", id: postgres.data },
      { name: "backups", id: postgres.backups },
      { name: "cache", id: redis.data },
      { name: "certificates", id: certificates.volume },
    ],
    strategy: "switch",
    statusRef: records.reference,
    // The price of the host is not known here: it may be anybody's.
    cost: { monthlyUsd: null, unpriced: ["host"] },
  };
}

function databaseArgs({ database }: VpsSettings) {
  return { database: database.name, user: database.user, cpu: database.cpu, memory: database.memory };
}

/** Secrets and order that follow from what a service uses. */
function connections(service: ServiceSettings, available: { database: Postgres; cache: Redis }) {
  const variable = { database: "DATABASE_URL", cache: "REDIS_URL" } as const;
  return {
    secrets: Object.fromEntries(service.uses.map((use) => [variable[use], available[use].url])),
    dependsOn: service.uses.map((use) => available[use]),
  };
}

function pick(values: Record<string, string>, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, values[name] ?? ""]));
}

function secretsOf(settings: VpsSettings, service: ServiceSettings) {
  return Object.fromEntries(service.secrets.map((name) => [name, secretValue(settings, name)]));
}

/** `<version>-<hash>`: changes whenever what nginx serves, or how, changes. */
function releaseIdOf(settings: VpsSettings, release: Release, services: Service[]): string {
  const contents = {
    services: services.map((service) => service.upstreams),
    configuration: nginxConfiguration(configurationArgs(settings, "")),
  };
  return `${release.version}-${fingerprint(contents)}`;
}

function configurationArgs(settings: VpsSettings, releaseId: string) {
  const withPort = Object.entries(settings.services).filter(([, service]) => service.port !== undefined);
  return {
    releaseId,
    domain: settings.domain,
    proxy: settings.proxy,
    routes: Object.fromEntries(withPort.map(([name, service]) => [name, service.routes])),
    trustedCertificate: settings.certificates.issuer !== "self-signed",
    drainSeconds: Math.max(...withPort.map(([, service]) => seconds(service.drain)), 1),
  };
}
