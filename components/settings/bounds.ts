/**
 * Every setting of a stack: its form, bounds, default and meaning. The JSON Schema that editors use and
 * docs/configuration.md are generated from this file (`npm run generate`); what involves more than one setting is in
 * rules.ts.
 */
import { z } from "zod";
import {
  bodyLimit,
  cache,
  database,
  domain,
  image,
  release,
  secrets,
  services,
  silence,
} from "./application.ts";
import { accountSchema } from "./account.ts";
import { awsSchema } from "./aws.ts";
import { backup } from "./backup.ts";
import { certificates } from "./certificate-settings.ts";
import { clusterSchema } from "./cluster-stack.ts";
import { watching } from "./delivery.ts";
import { environment } from "./environment.ts";
import { host } from "./host.ts";
import { kubernetesSchema } from "./kubernetes.ts";
import { hostSchema } from "./machine.ts";
import { monitoring, monitoringImages } from "./monitoring.ts";
import { choice, list, object, secretName, text, wholeNumber } from "./value-types.ts";

const delivery = object({
  ...watching,
  keepPrevious: z
    .boolean("true or false")
    .meta({ errorMessage: "true or false" })
    .default(true)
    .describe("Whether both releases run during the bake; false where there is no memory for it."),
});

const proxy = object({
  httpPort: wholeNumber(1, 65_535)
    .default(80)
    .describe("Published port that redirects to HTTPS. Changing it replaces nginx: an outage of seconds."),
  httpsPort: wholeNumber(1, 65_535)
    .default(443)
    .describe("Published port of the application. Changing it replaces nginx: an outage of seconds."),
  edge: text(/^[a-z0-9][a-z0-9_.-]{0,62}$/, "a name of a Docker network, such as tristack-edge")
    .optional()
    .describe(
      "Docker network of an edge that several stacks on one machine share: it has `httpPort` and `httpsPort`, and nginx publishes none. `tristack environment up` makes it. Changing it replaces nginx.",
    ),
  bodyLimit: bodyLimit(),
  timeout: silence(),
});

const images = object({
  nginx: image()
    .default("nginx:1.28-alpine")
    .describe("The proxy's. Changing it replaces nginx: an outage of seconds."),
  postgres: image().default("postgres:16-alpine").describe("The database's, of PostgreSQL 16."),
  redis: image().default("redis:7-alpine").describe("The cache's, of Redis 7."),
  certbot: image()
    .default("certbot/dns-route53:v5.1.0")
    .describe("What gets and renews certificates: certbot, here with its plugin for Route 53."),
  ...monitoringImages(image),
});

export const vpsSchema = object({
  target: z.literal("vps").describe("What carries the application: `vps` is one machine with Docker."),
  environment,
  domain,
  release: release
    .optional()
    .describe("What to run. Left out, the stack keeps the release that it already runs."),
  services: services().describe("The application: `web`, `api`, and any worker."),
  delivery: delivery.prefault({}).describe("How `tristack deploy` brings a release to the stack."),
  database: database.prefault({}).describe("PostgreSQL 16."),
  backup: backup
    .optional()
    .describe("Backups of the database. Left out, there are none; `backup: {}` has them on this host alone."),
  monitoring: monitoring
    .optional()
    .describe(
      "Prometheus, its alerts, and a dashboard. Left out, there are none; `monitoring: {}` has them.",
    ),
  alarm: secretName(
    "URL that alarms of the whole stack are posted to, as Slack's webhooks take them",
  ).optional(),
  cache: cache.prefault({}).describe("Redis 7, append only."),
  proxy: proxy.prefault({}).describe("nginx, the only container that publishes ports."),
  certificates: certificates
    .prefault({ issuer: "self-signed" })
    .describe("Who signs the certificate. letsencrypt is required in staging and production."),
  host: host.prefault({}).describe("The machine that runs the stack."),
  registries: list(
    text(/^[a-z0-9.-]+(:\d{1,5})?$/, "a registry such as ghcr.io"),
    0,
    20,
    "registries, such as [ghcr.io]",
  )
    .default([])
    .describe("Private registries; credentials are those that `docker login` has saved on this machine."),
  images: images.prefault({}).describe("Images of the stack's own parts."),
  secrets,
});

/** What a stack is, by target. */
export const settingsSchema = choice("target", [
  vpsSchema,
  kubernetesSchema,
  awsSchema,
  hostSchema,
  clusterSchema,
  accountSchema,
]);
