/** What an application at AWS consists of: Lambda, RDS, S3, CloudFront. Wiring only. */
import * as pulumi from "@pulumi/pulumi";
import { Alarms } from "../aws/alarms.ts";
import { Bucket } from "../aws/bucket.ts";
import { Cdn } from "../aws/cdn.ts";
import { Certificate } from "../aws/certificate.ts";
import { Database } from "../aws/database.ts";
import { HealthGate } from "../aws/health-gate.ts";
import { HttpApi } from "../aws/http-api.ts";
import { type Job, Jobs } from "../aws/jobs.ts";
import { keptSecret } from "../aws/kept-secret.ts";
import { OriginKey } from "../aws/origin-key.ts";
import { Records } from "../aws/records.ts";
import { RegionalDomain } from "../aws/regional-domain.ts";
import * as aws from "../aws/sdk.ts";
import { ServiceFunction } from "../aws/service-function.ts";
import { Topic } from "../aws/topic.ts";
import type { Built } from "../outputs.ts";
import { RecordedCost } from "../recorded-cost.ts";
import { type Release, imageOf } from "../release.ts";
import { type AwsSettings, type Service, isProtected, secretValue } from "../settings.ts";
import { GIVEN_BY_USE } from "../settings/application.ts";
import { ownDomain } from "../settings/web.ts";
import type { Owner } from "../shared/labels.ts";
import { fingerprint } from "../shared/names.ts";
import { seconds } from "../shared/units.ts";
import { backupOf } from "./aws-backup.ts";
import type { VercelSdk } from "../vercel/sdk.ts";
import { type Ground, gibibytesOf, groundOf, sharedBy } from "./aws-ground.ts";
import { webOnVercel } from "./aws-web.ts";

/** Where it is made. */
interface Makers {
  provider: aws.Provider;
  /** Where the web is on Vercel. */
  vercel: VercelSdk | undefined;
}

export async function awsApplication(
  settings: AwsSettings,
  release: Release,
  owner: Owner,
  { provider, vercel }: Makers,
): Promise<Built> {
  const { environment, region, architecture, proxy, web } = settings;
  const domain = ownDomain(settings);
  const { kind } = environment;
  const protect = isProtected(kind);
  const logDays = kind === "production" ? 365 : 30;
  const cost = new RecordedCost();
  const opts = {
    providers: [provider],
    transformations: [cost.record, boundedBy(settings.permissionsBoundary)],
  };
  const services = Object.entries(settings.services).sort(([a], [b]) => (a < b ? -1 : 1));
  const zone = aws.route53.getZoneOutput({ name: settings.dns.zone }, { provider });

  const ground = await groundOf(settings, owner, logDays, opts);
  const { network, database } = ground;

  const { secretArns, pingArn, secrets } = secretsAt(settings, database, opts);
  const versioned = (name: string, service: Service) => ({
    image: imageOf(release, name, service.image),
    architecture,
    environment: { ENVIRONMENT: owner.stack, RELEASE: release.version, ...service.environment },
    secretArns: secretArns(service),
  });
  const jobs = new Jobs(
    "jobs",
    {
      network,
      jobs: Object.fromEntries(
        services.flatMap(([name, service]): [string, Job][] =>
          service.migrate
            ? [
                [
                  migrationOf(name),
                  {
                    ...versioned(name, service),
                    command: service.migrate,
                  },
                ],
              ]
            : [],
        ),
      ),
      logDays,
    },
    opts,
  );
  database.letIn("jobs", jobs.groupId);
  const accessLog = accessLogOf(kind, opts);
  const backup = backupOf(
    settings,
    { owner, ground, cluster: jobs.cluster, pingArn, secrets, logDays, accessLog },
    opts,
  );

  const [functionArns, knowFunctionArns] = pulumi.deferredOutput<string[]>();
  const gate = new HealthGate(
    "health-gate",
    {
      domain,
      timeout: proxy.timeout,
      startup: Math.max(...services.map(([, { health }]) => seconds(health.startup))),
      functionArns,
      logDays,
    },
    opts,
  );
  const functions = Object.fromEntries(
    services.map(([name, service]) => {
      const made = new ServiceFunction(
        name,
        {
          ...versioned(name, service),
          settings: service,
          version: release.version,
          vpcId: network.vpcId,
          subnetIds: network.privateSubnetIds,
          closedGroupId: network.closedGroupId,
          timeout: proxy.timeout,
          logDays,
          before: service.migrate ? [jobs.run(migrationOf(name), [database])] : [],
          gate,
          shiftedLater: release.previous !== undefined,
        },
        { ...opts, dependsOn: [...ground.ready] },
      );
      if (service.uses.includes("database")) database.letIn(name, made.groupId);
      return [name, made];
    }),
  );
  knowFunctionArns(pulumi.all(Object.values(functions).map(({ functionArn }) => functionArn)));

  // A distribution takes minutes to make and to remove: what lives for a pull request does without.
  const distributed = kind !== "preview";
  const key = distributed ? new OriginKey("origin-key", { logDays }, opts) : undefined;
  const routes = Object.fromEntries(services.map(([name, service]) => [name, service.routes]));
  const api = new HttpApi("api-gateway", { functions, routes, timeout: proxy.timeout, logDays, key }, opts);
  const certificate = new Certificate(
    "certificate",
    { domain, zoneId: zone.zoneId, region: distributed ? "us-east-1" : region },
    opts,
  );
  const cdn =
    key &&
    new Cdn(
      "cdn",
      {
        domain,
        zoneId: zone.zoneId,
        certificateArn: certificate.arn,
        api: { host: api.host, key: key.value },
        uncached: Object.values(routes)
          .flat()
          .filter((path) => path !== "/"),
        assets: services.flatMap(([, { assets }]) => assets?.path ?? []),
        accessLog,
        ...(kind === "production"
          ? { logDays: ACCESS_LOG_DAYS, firewall: { logDays, proxied: web !== undefined } }
          : {}),
        protect,
      },
      opts,
    );
  if (!cdn)
    new RegionalDomain("domain", { domain, zoneId: zone.zoneId, certificateArn: certificate.arn, api }, opts);

  webOnVercel(settings, vercel, { owner, zoneId: zone.zoneId, provider }, opts);

  // A preview environment has alarms where somebody is to be told; they take back releases everywhere else.
  const { emails, webhook } = settings.alarms;
  if (kind !== "preview" || emails.length > 0 || webhook !== undefined) {
    const topic = new Topic(
      "alarms",
      { emails, ...(webhook ? { webhook: secretValue(settings, webhook) } : {}), logDays },
      opts,
    );
    new Alarms(
      "alarm",
      {
        topic: topic.arn,
        apiId: api.api.id,
        functions: Object.fromEntries(
          Object.entries(functions).map(([name, { functionName }]) => [name, functionName]),
        ),
        ...(database instanceof Database
          ? {
              database: {
                instanceId: database.instanceId,
                instanceClass: settings.database.instanceClass,
                storage: gibibytesOf(settings),
              },
            }
          : {}),
        ...(backup ? { backup: backup.alarms } : {}),
      },
      opts,
    );
  }

  return {
    releaseId: pulumi
      .all(Object.values(functions).map(({ alias }) => alias.functionVersion))
      .apply(() => `${release.version}-${fingerprint({ services, digests: release.digests })}`),
    database: {
      version: "16",
      host: database.host,
      port: database.port,
      name: database.databaseName,
      user: database.user,
      secretRef: pulumi.interpolate`aws-sm:${database.secretArn}`,
    },
    volumes: [
      {
        name: "database",
        id: database instanceof Database ? database.instanceId : database.databaseName,
      },
      ...(cdn ? [{ name: "assets", id: cdn.assetsBucket }] : []),
    ],
    ...(backup ? { backup: backup.output } : {}),
    strategy: "canary",
    statusRef: new Records("records", { protect, logs: accessLog }, opts).statusRef,
    shared: sharedBy(ground, settings, jobs.groupId),
    cost: cost.estimate(),
  };
}

/** Days that it is kept who read and wrote what. */
const ACCESS_LOG_DAYS = 90;

/** Who read and wrote the stack's buckets, backups among them. Of what lives for a pull request nobody asks. */
function accessLogOf(
  kind: AwsSettings["environment"]["kind"],
  opts: pulumi.ComponentResourceOptions,
): Bucket | undefined {
  if (kind === "preview") return undefined;
  const protect = isProtected(kind);
  return new Bucket(
    "access-log",
    {
      expireDays: ACCESS_LOG_DAYS,
      keepVersionsDays: 1,
      takesLogsOf: "logging.s3.amazonaws.com",
      emptied: !protect,
      protect,
    },
    opts,
  );
}

/** Every role of the stack gets the boundary. */
function boundedBy(permissionsBoundary: string | undefined): pulumi.ResourceTransformation {
  return ({ type, props, opts }) =>
    permissionsBoundary !== undefined && type === "aws:iam/role:Role"
      ? { props: { ...(props as object), permissionsBoundary }, opts }
      : undefined;
}

function migrationOf(service: string): string {
  return `${service}-migration`;
}

/** Keeps the settings' secrets, each once, and says where those are that are asked for: by a service, and by backups. */
function secretsAt(
  settings: AwsSettings,
  database: Ground["database"],
  opts: pulumi.ComponentResourceOptions,
) {
  const holder = new pulumi.ComponentResource("tristack:aws:Secrets", "secrets", {}, opts);
  const ping = settings.backup?.ping;
  const wanted = new Set([
    ...Object.values(settings.services).flatMap(({ secrets }) => secrets),
    ...(ping === undefined ? [] : [ping]),
  ]);
  const arns = Object.fromEntries(
    [...wanted]
      .sort()
      .map((name) => [
        name,
        keptSecret(
          `secret-${name.toLowerCase().replaceAll("_", "-")}`,
          name,
          secretValue(settings, name),
          holder,
        ),
      ]),
  );
  const secretArns = (service: Service): Record<string, pulumi.Output<string>> => ({
    ...(service.uses.includes("database") ? { [GIVEN_BY_USE.database]: database.secretArn } : {}),
    ...Object.fromEntries(
      service.secrets.flatMap((name) => (arns[name] ? [[name, arns[name]] as const] : [])),
    ),
  });
  return { secretArns, pingArn: ping === undefined ? undefined : arns[ping], secrets: holder };
}
