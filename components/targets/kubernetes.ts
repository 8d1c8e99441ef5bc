/** A namespace of a Kubernetes cluster. Wiring only. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Backup } from "../kubernetes/backup.ts";
import { Certificate } from "../kubernetes/certificate.ts";
import { internet, podsIn, podsOf, servicesOf } from "../kubernetes/flow.ts";
import { GitOps } from "../kubernetes/gitops.ts";
import { labelsOf } from "../kubernetes/labels.ts";
import { Monitoring } from "../kubernetes/monitoring.ts";
import { Namespace } from "../kubernetes/namespace.ts";
import { Postgres } from "../kubernetes/postgres.ts";
import { kubernetesProvider, reachedCluster } from "../kubernetes/provider.ts";
import { RECORDS } from "../kubernetes/records.ts";
import { Redis } from "../kubernetes/redis.ts";
import { Routing, namesOf } from "../kubernetes/routing.ts";
import { settingsWin } from "../kubernetes/settings-win.ts";
import { Workload } from "../kubernetes/workload.ts";
import type { Built } from "../outputs.ts";
import { type Release, imageOf } from "../release.ts";
import {
  type KubernetesSettings,
  type Service,
  isProtected,
  secretTexts,
  secretValue,
  secretsOf,
} from "../settings.ts";
import { GIVEN_BY_USE } from "../settings/application.ts";
import { lateSeconds } from "../shared/backup-variables.ts";
import type { Owner } from "../shared/labels.ts";
import { fingerprint, prepareSecretFingerprints } from "../shared/names.ts";
import { mebibytes } from "../shared/units.ts";
import { PAID_ELSEWHERE } from "../usage.ts";

export async function kubernetes(
  settings: KubernetesSettings,
  release: Release,
  owner: Owner,
): Promise<Built> {
  const { environment, domain, proxy, images, storage, delivery } = settings;
  const protect = isProtected(environment.kind);
  const cluster = await reachedCluster(settings.cluster, owner);
  const opts = { providers: [kubernetesProvider(cluster)], transformations: [settingsWin] };
  const services = Object.entries(settings.services).sort(([a], [b]) => (a < b ? -1 : 1));
  // Each service opens its own port alone, so that all of them may be named together.
  const ports = [...new Set(services.flatMap(([, { port }]) => port ?? []))].sort((a, b) => a - b);

  const { name: namespace } = new Namespace(
    "namespace",
    {
      owner,
      name: settings.namespace ?? owner.stack,
      environment: environment.kind,
      quota: quotaOf(settings),
      protect,
    },
    opts,
  );
  // The plugin starts meanwhile.
  await prepareSecretFingerprints(
    owner,
    services.map(([, service]) => secretTexts(settings, service)),
  );
  const pullSecrets = settings.pullSecrets.map((name) => pullSecret(name, settings, owner, namespace, opts));
  const shared = { owner, namespace, pullSecrets, appliedByOthers: settings.gitops !== undefined };
  const clientsOf = (use: Service["uses"][number]) =>
    services.flatMap(([name, { uses, migrate }]) =>
      uses.includes(use) ? [name, ...(migrate ? [`${name}-migration`] : [])] : [],
    );
  const postgres = new Postgres(
    "postgres",
    {
      ...shared,
      image: images.postgres,
      cpu: settings.database.cpu,
      memory: settings.database.memory,
      database: settings.database.name,
      user: settings.database.user,
      size: storage.database,
      storageClass: storage.class,
      clients: [...clientsOf("database"), ...(settings.backup ? ["backup"] : [])],
      protect,
    },
    opts,
  );
  const backup =
    settings.backup &&
    new Backup(
      "backup",
      {
        ...shared,
        settings: settings.backup,
        image: images.postgres,
        courierImage: images.courier,
        database: { name: settings.database.name, user: settings.database.user },
        size: storage.database,
        passwordSecret: postgres.secretName,
        secret: (name) => secretValue(settings, name),
      },
      { ...opts, dependsOn: [postgres] },
    );
  const redis = new Redis(
    "redis",
    {
      ...shared,
      image: images.redis,
      ...settings.cache,
      size: storage.cache,
      storageClass: storage.class,
      clients: clientsOf("cache"),
      protect,
    },
    opts,
  );
  const parts = { database: postgres, cache: redis };
  const { monitoring } = settings;
  const asking = ({ metrics }: Service) => (monitoring && metrics ? [podsIn(monitoring.namespace)] : []);
  const workloads = services.map(([name, service]) => {
    const used = service.uses.map((use) => parts[use]);
    return new Workload(
      name,
      {
        ...shared,
        settings: service,
        delivery,
        router: proxy.mode,
        cluster,
        version: release.version,
        image: imageOf(release, name, service.image),
        environment: { ENVIRONMENT: owner.stack },
        secrets: {
          ...Object.fromEntries(service.uses.map((use) => [GIVEN_BY_USE[use], parts[use].url])),
          ...secretsOf(settings, service),
        },
        secretValues: secretTexts(settings, service),
        flows: {
          ingress:
            service.port === undefined
              ? []
              : [
                  {
                    from: [podsIn(proxy.namespace), servicesOf(owner), ...asking(service)],
                    port: service.port,
                  },
                ],
          egress: [
            ...ports.map((port) => ({ to: [servicesOf(owner)], port })),
            ...service.uses.map((use) => ({ to: podsOf(owner, PARTS[use].name), port: PARTS[use].port })),
            { to: [internet()], port: 443 },
          ],
        },
      },
      { ...opts, dependsOn: used },
    );
  });
  const { secretName: certificate } = new Certificate(
    "certificate",
    {
      ...shared,
      certificates: settings.certificates,
      names: namesOf(domain),
      router: proxy,
      secret: (name) => secretValue(settings, name),
    },
    opts,
  );
  if (settings.gitops)
    new GitOps(
      "gitops",
      {
        owner,
        namespace,
        settings: settings.gitops,
        gradual: settings.delivery.strategy !== "rolling",
        autoscaled: services.filter(([, { autoscale }]) => autoscale).map(([name]) => name),
      },
      { ...opts, dependsOn: [...workloads, postgres, redis] },
    );
  else
    new Routing(
      "routing",
      {
        owner,
        namespace,
        domain,
        proxy,
        certificate,
        routes: Object.fromEntries(services.map(([name, { routes }]) => [name, routes])),
        workloads: Object.fromEntries(services.map(([name], index) => [name, workloads[index] as Workload])),
        shared: delivery.strategy === "canary",
      },
      opts,
    );

  // Argo CD has it from what is rendered.
  if (monitoring && !settings.gitops)
    new Monitoring(
      "monitoring",
      {
        owner,
        namespace,
        settings: monitoring,
        services: Object.fromEntries(
          services.flatMap(([name, { metrics }]) => (metrics ? [[name, metrics]] : [])),
        ),
        renewed: settings.certificates.issuer === "cert-manager",
        backupLateAfterSeconds: settings.backup && lateSeconds(settings.backup),
      },
      opts,
    );

  return {
    releaseId: pulumi
      .all(workloads.map(({ serves }) => serves))
      .apply(() => `${release.version}-${fingerprint(workloads.map((one) => one.fingerprint))}`),
    database: { version: "16", host: Postgres.host, port: Postgres.port, secretRef: postgres.secretRef },
    volumes: [
      { name: "database", id: postgres.claim },
      { name: "cache", id: redis.claim },
    ],
    backup: backup?.output,
    strategy: delivery.strategy,
    statusRef: pulumi.interpolate`k8s:${namespace}/${RECORDS}`,
    cost: { monthlyUsd: null, unpriced: [...PAID_ELSEWHERE.kubernetes] },
  };
}

const PARTS = {
  database: { name: "postgres", port: Postgres.port },
  cache: { name: "redis", port: Redis.port },
} as const;

/** How many releases' pods may be there at once: old and new ones, and with Argo Rollouts those that are kept a while. */
const RELEASES = { rolling: 2, "blue-green": 3, canary: 3 } as const;

/** What everything may use at most. */
function quotaOf({ services, database, cache, delivery, backup, certificates, domain }: KubernetesSettings) {
  // For each name cert-manager may start a pod of 0.1 CPU and 64 MiB, behind a Service with a port of the nodes.
  const challenges = certificates.issuer === "cert-manager" ? namesOf(domain).length : 0;
  const jobs = backup ? Backup.quota(backup) : { pods: 0, cpu: 0, memoryMebibytes: 0 };
  const most = Object.values(services).map((service) => ({
    pods: (service.autoscale?.maxReplicas ?? service.replicas) * RELEASES[delivery.strategy] + 1,
    ...service,
  }));
  const sum = (of: (service: (typeof most)[number]) => number) =>
    most.reduce((total, one) => total + of(one), 0);
  return {
    pods: sum(({ pods }) => pods) + 6 + jobs.pods + challenges,
    // Unless its issuer says otherwise.
    nodePorts: challenges,
    cpu: Math.ceil(
      sum(({ pods, cpu }) => pods * cpu) + database.cpu * 2 + cache.cpu * 2 + jobs.cpu + challenges * 0.1,
    ),
    memoryMebibytes:
      sum(({ pods, memory }) => pods * mebibytes(memory)) +
      2 * (mebibytes(database.memory) + mebibytes(cache.memory)) +
      jobs.memoryMebibytes +
      challenges * 64,
  };
}

function pullSecret(
  name: string,
  settings: KubernetesSettings,
  owner: Owner,
  namespace: pulumi.Input<string>,
  opts: pulumi.ComponentResourceOptions,
) {
  const own = name.toLowerCase().replaceAll("_", "-");
  const secret = new k8s.core.v1.Secret(
    own,
    {
      type: "kubernetes.io/dockerconfigjson",
      metadata: { name: own, namespace, labels: labelsOf(owner, "registry") },
      stringData: { ".dockerconfigjson": secretValue(settings, name) },
    },
    providerOf(opts),
  );
  return secret.metadata.name;
}

function providerOf({
  providers,
  transformations,
}: pulumi.ComponentResourceOptions): pulumi.CustomResourceOptions {
  return { provider: Array.isArray(providers) ? providers[0] : undefined, transformations };
}
