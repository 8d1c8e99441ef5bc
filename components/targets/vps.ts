/** A VPS: everything in containers on one Docker Engine. Wiring only. */
import { keepAssets } from "../docker/assets.ts";
import type * as docker from "@pulumi/docker";
import { Alarms } from "../docker/alarms.ts";
import { Backup } from "../docker/backup.ts";
import { Certificates } from "../docker/certificates.ts";
import { edgeAliases } from "../docker/edge.ts";
import { dockerProvider } from "../docker/host.ts";
import { Networks } from "../docker/network.ts";
import { PROXY_PORTS, nginxConfiguration } from "../docker/nginx/configuration.ts";
import { POSTGRES_PASSWORD_FILE, Postgres } from "../docker/postgres.ts";
import { Proxy } from "../docker/proxy.ts";
import { RECORDS, Records } from "../docker/records.ts";
import { Redis } from "../docker/redis.ts";
import { Service, type ServiceArgs, planOf } from "../docker/service.ts";
import { Switch } from "../docker/switch.ts";
import type { Built } from "../outputs.ts";
import { type Release, imageOf } from "../release.ts";
import {
  type Service as ServiceSettings,
  type VpsSettings,
  isProtected,
  secretTexts,
  secretValue,
  secretsOf,
} from "../settings.ts";
import { GIVEN_BY_USE } from "../settings/application.ts";
import type { Owner } from "../shared/labels.ts";
import { fingerprint, prepareSecretFingerprints } from "../shared/names.ts";
import { seconds } from "../shared/units.ts";
import { monitoringOf } from "./vps-monitoring.ts";
import { PAID_ELSEWHERE } from "../usage.ts";

export async function vps(settings: VpsSettings, release: Release, owner: Owner): Promise<Built> {
  const { images, domain } = settings;
  const opts = { providers: [dockerProvider(settings)] };
  const protect = isProtected(settings.environment.kind);

  const records = new Records(RECORDS, { owner, protect }, opts);
  const networks = new Networks("network", { owner }, opts);
  const { frontend, backend } = networks;
  const secret = (name: string) => secretValue(settings, name);
  const alarms =
    settings.alarm === undefined
      ? undefined
      : new Alarms(
          "alarms",
          { owner, image: images.nginx, url: secret(settings.alarm), network: frontend },
          opts,
        );
  const postgres = new Postgres(
    "postgres",
    { owner, image: images.postgres, ...databaseArgs(settings), network: backend, protect },
    opts,
  );
  const backup =
    settings.backup &&
    backupOf(settings, settings.backup, owner, opts, { postgres, networks, records, alarms });
  const redis = new Redis(
    "redis",
    { owner, image: images.redis, ...settings.cache, network: backend, protect },
    opts,
  );
  const certificates = new Certificates(
    "certificates",
    {
      owner,
      image: images.certbot,
      carrierImage: images.nginx,
      domain,
      settings: settings.certificates,
      network: frontend,
      records: records.volume,
      alarms,
      secret,
      protect,
    },
    opts,
  );
  const proxy = new Proxy(
    "proxy",
    {
      owner,
      image: images.nginx,
      httpPort: settings.proxy.httpPort,
      httpsPort: settings.proxy.httpsPort,
      edge: edgeFor(settings),
      network: frontend,
      certificates: certificates.volume,
      webroot: certificates.webroot,
    },
    opts,
  );

  // The engine begins with what it knows by now.
  const secrets = Object.values(settings.services).map((service) => secretTexts(settings, service));
  await prepareSecretFingerprints(owner, secrets);
  const argsFor = (of: VpsSettings, run: Pick<Release, "version" | "digests">) => (name: string) => {
    const service = of.services[name];
    if (!service) return undefined;
    const uses = connections(service, { database: postgres, cache: redis });
    return {
      owner,
      settings: service,
      version: run.version,
      image: imageOf(run, name, service.image),
      environment: { PROXY_URL: `http://${Proxy.host}:${PROXY_PORTS.internal}`, ENVIRONMENT: owner.stack },
      secrets: { ...uses.secrets, ...secretsOf(settings, service) },
      carrierImage: images.nginx,
      secretValues: secretTexts(settings, service),
      networks: service.uses.length > 0 ? [frontend, backend] : [frontend],
    } satisfies ServiceArgs;
  };
  const currentArgs = argsFor(settings, release);
  const previousArgs = previousOf(settings, release, argsFor);
  const services = serviceNames(settings, release).map((name) => {
    const sets = [currentArgs(name), previousArgs(name)].filter((one) => one !== undefined);
    const [first, second] = sets as [ServiceArgs, ServiceArgs?];
    const after = first.settings.uses.map((use) => ({ database: postgres, cache: redis })[use]);
    return { name, made: new Service(name, [first, second], after, opts) };
  });
  const made = services.filter(({ name }) => name in settings.services).map((one) => one.made);

  const kept = services.flatMap(({ name, made: parent }) => {
    const service = settings.services[name];
    if (!service?.assets) return [];
    const image = imageOf(release, name, service.image);
    const { version } = release;
    return keepAssets(
      { owner, service: name, version, image, ...service.assets, volume: proxy.assets },
      parent,
    );
  });

  const releaseId = releaseIdOf(settings, release, made);
  const switched = new Switch(
    "switch",
    {
      owner,
      image: images.nginx,
      releaseId,
      upstreams: made.flatMap((service) => service.upstreams),
      nginxConfiguration: nginxConfiguration(configurationArgs(settings, releaseId)),
      network: frontend,
      configuration: proxy.configuration,
      after: kept,
    },
    { ...opts, dependsOn: [proxy, ...services.map((one) => one.made)] },
  );

  const parts = [postgres, redis, certificates, proxy, alarms, backup, ...services.map((one) => one.made)];
  const monitoring = monitoringOf(settings, owner, networks, parts, opts);

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
      ...(monitoring ? [{ name: "metrics", id: monitoring.metrics }] : []),
    ],
    backup: backup?.output,
    monitoring: monitoring?.output,
    strategy: "switch",
    statusRef: records.reference,
    // The price of the host is not known here: it may be anybody's.
    cost: { monthlyUsd: null, unpriced: [...PAID_ELSEWHERE.vps] },
  };
}

function edgeFor({ proxy, domain, certificates }: VpsSettings) {
  return proxy.edge === undefined
    ? undefined
    : { network: proxy.edge, aliases: edgeAliases([domain, ...certificates.names]) };
}

function databaseArgs({ database }: VpsSettings) {
  return { database: database.name, user: database.user, cpu: database.cpu, memory: database.memory };
}

function backupOf(
  settings: VpsSettings,
  backup: NonNullable<VpsSettings["backup"]>,
  owner: Owner,
  opts: { providers: docker.Provider[] },
  parts: { postgres: Postgres; networks: Networks; records: Records; alarms?: Alarms },
) {
  const { images, database } = settings;
  const { postgres, networks, records, alarms } = parts;
  const made = new Backup(
    "backup",
    {
      owner,
      settings: backup,
      image: images.postgres,
      courierImage: images.nginx,
      database,
      passwordMount: postgres.passwordMount,
      volume: postgres.backups,
      records: records.volume,
      backend: networks.backend,
      frontend: networks.frontend,
      alarms,
      secret: (name) => secretValue(settings, name),
    },
    { ...opts, dependsOn: [postgres] },
  );
  return { output: Backup.output(backup, made.container, postgres.backups), watched: made.watched };
}

/** Secrets that follow from what a service uses. */
function connections(service: ServiceSettings, available: { database: Postgres; cache: Redis }) {
  return { secrets: Object.fromEntries(service.uses.map((use) => [GIVEN_BY_USE[use], available[use].url])) };
}

/** Services of the release, and those that only the previous one had. */
function serviceNames(settings: VpsSettings, { previous }: Release): string[] {
  const then = Object.keys(previous?.settings.services ?? {});
  // Sorted, as everywhere: Pulumi gives settings back from its outputs in another order than the file has.
  return [...new Set([...Object.keys(settings.services), ...then])].sort();
}

type ArgsFor = (
  of: VpsSettings,
  run: Pick<Release, "version" | "digests">,
) => (name: string) => ServiceArgs | undefined;

/**
 * Arguments of the previous release's services: none unless they make the very containers that run. With another
 * version of this program, or without a secret that has gone since, they would be new ones, which nobody asked for.
 */
function previousOf(settings: VpsSettings, { previous }: Release, argsFor: ArgsFor): ReturnType<ArgsFor> {
  const none = () => undefined;
  if (!previous) return none;
  const { services, proxy } = previous.settings;
  const then = { ...settings, services, proxy: { ...settings.proxy, ...proxy } };
  const secrets = Object.values(services).flatMap((service) => service.secrets);
  if (secrets.some((name) => !(name in settings.secrets))) return none;
  const args = argsFor(then, previous);
  const plans = Object.keys(services)
    .sort()
    .flatMap((name) => {
      const one = args(name);
      return one ? [planOf(name, one)] : [];
    });
  return releaseIdOf(then, previous, plans) === previous.id ? args : none;
}

/** `<version>-<hash>`: changes whenever what nginx serves, or how, changes. */
function releaseIdOf(
  settings: VpsSettings,
  release: Pick<Release, "version">,
  services: Pick<Service, "upstreams" | "fingerprint">[],
): string {
  const contents = {
    services: services.map((service) => [service.fingerprint, service.upstreams]),
    configuration: nginxConfiguration(configurationArgs(settings, "")),
  };
  return `${release.version}-${fingerprint(contents)}`;
}

function configurationArgs(settings: VpsSettings, releaseId: string) {
  const withPort = Object.entries(settings.services)
    .filter(([, service]) => service.port !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    releaseId,
    domain: settings.domain,
    names: settings.certificates.names,
    proxy: settings.proxy,
    routes: Object.fromEntries(withPort.map(([name, service]) => [name, service.routes])),
    metrics: Object.fromEntries(
      withPort.flatMap(([name, { metrics }]) => (metrics === undefined ? [] : [[name, metrics]])),
    ),
    assets: Object.fromEntries(
      withPort.flatMap(([name, { assets }]) => (assets ? [[name, assets.path]] : [])),
    ),
    trustedCertificate: settings.certificates.issuer !== "self-signed",
    drainSeconds: Math.max(...withPort.map(([, service]) => seconds(service.drain)), 1),
  };
}
