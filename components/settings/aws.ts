/** A stack that runs at AWS: its services as functions of Lambda, its database at RDS, its files in S3. */
import { z } from "zod";
import { domain, identifier, image, release, secrets, services } from "./application.ts";
import { backupAtAws } from "./backup.ts";
import { watching } from "./delivery.ts";
import { environment } from "./environment.ts";
import { web } from "./web.ts";
import {
  HOST_NAME,
  awsRegion,
  duration,
  list,
  object,
  oneOf,
  otherStack,
  secretName,
  size,
  text,
  wholeNumber,
} from "./value-types.ts";

const dns = object({
  zone: text(HOST_NAME, "a hosted zone, such as example.com").describe(
    "Hosted zone of Route 53 that `domain` is in: certificates prove themselves there.",
  ),
});

export const network = object({
  zones: wholeNumber(2, 3).default(2).describe("Availability zones. Changing it is not possible in place."),
  nat: oneOf(["none", "one", "per-zone"])
    .default("none")
    .describe(
      "How services reach the internet: not at all (they reach the database and Secrets Manager), by one gateway for 33 USD a month, or by one in each zone.",
    ),
});

export const database = object({
  name: identifier().default("app").describe("Name of the database. Used when it is created."),
  user: identifier().default("app").describe("Its owner, whom the services connect as. Used as `name` is."),
  instanceClass: text(/^db\.[a-z0-9]+\.[a-z0-9]+$/, "a class of RDS, such as db.t4g.small")
    .default("db.t4g.micro")
    .describe("Size. Changing it restarts the database: for a minute with a standby, for several without."),
  storage: size("20GiB", "16384GiB")
    .default("20GiB")
    .describe("Storage to begin with; it grows by itself to five times that."),
  standby: z
    .boolean("true or false")
    .meta({ errorMessage: "true or false" })
    .default(true)
    .describe(
      "Whether another zone has a copy that takes over, at twice the price. Preview environments have none.",
    ),
  backupDays: wholeNumber(7, 35)
    .default(7)
    .describe("Days that it can be brought back to any moment of, by RDS itself."),
});

const shared = object({
  stack: otherStack("staging").describe(
    "The stack whose network and database instance the environment uses: of the target aws, in the same region, and not production. Changing it leaves the environment's database where it is, and makes a new one there.",
  ),
});

const images = object({
  postgres: image()
    .default("public.ecr.aws/docker/library/postgres:16-alpine")
    .describe(
      "With the programs of PostgreSQL 16: reads the database for backups, and makes that of an environment that shares its instance.",
    ),
  courier: image()
    .default("public.ecr.aws/docker/library/nginx:1.28-alpine")
    .describe("What uploads backups: any with curl 8 and a shell. The target vps has its nginx for it."),
});

const proxy = object({
  timeout: duration("1s", "29s")
    .default("29s")
    .describe("Longest time of a request; API Gateway ends it after 30 s."),
  bodyLimit: oneOf(["4MiB"])
    .default("4MiB")
    .describe("Largest request body: 6 MB for Lambda, as base64. It cannot be changed."),
});

const delivery = object({
  steps: list(wholeNumber(1, 99), 0, 20, "percents of the traffic, such as [10, 50]")
    .default([10, 50])
    .describe("Shares of the traffic that a release gets one after the other before all of it."),
  pause: duration("1s", "1h").default("60s").describe("Time at each of the steps."),
  ...watching,
});

const alarms = object({
  emails: list(
    text(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "an e-mail address"),
    0,
    10,
    "e-mail addresses, such as [ops@example.com]",
  )
    .default([])
    .describe("Who is told. Each is asked once whether it wants to be."),
  webhook: secretName("URL that alarms are posted to, as Slack's webhooks take them").optional(),
});

export const awsSchema = object({
  target: z
    .literal("aws")
    .describe("What carries the application: `aws` is Lambda, RDS, S3 and CloudFront, in one region."),
  environment,
  region: awsRegion().describe("Where everything stands but CloudFront. Changing it makes everything anew."),
  domain,
  dns: dns.describe("Its DNS."),
  release: release
    .optional()
    .describe("What to run. Left out, the stack keeps the release that it already runs."),
  services: services().describe("The application: `web`, `api`. Their images are in ECR, in `region`."),
  web: web
    .optional()
    .describe(
      "The web on Vercel, in place of the service `web`. Left out, all of the application is at AWS.",
    ),
  architecture: oneOf(["arm64", "x86_64"])
    .default("arm64")
    .describe("Processors that the images are for; arm64 costs a fifth less."),
  network: network.prefault({}).describe("The network that services and database are in."),
  database: database.prefault({}).describe("PostgreSQL 16 of RDS."),
  shared: shared
    .optional()
    .describe(
      "What a preview environment uses of another stack's, in place of `network` and `database`: so it costs cents. Left out, it has its own.",
    ),
  backup: backupAtAws
    .optional()
    .describe(
      "Dumps of the database in a bucket of the stack's own, beside what RDS itself keeps. Left out, there are none; `backup: {}` has them.",
    ),
  proxy: proxy.prefault({}).describe("What a request may be."),
  delivery: delivery.prefault({}).describe("How traffic moves to a release by `tristack deploy`."),
  permissionsBoundary: text(
    /^arn:aws[a-z-]*:iam::\d{12}:policy\/[\w+=,.@/-]+$/,
    "the ARN of a policy, such as arn:aws:iam::123456789012:policy/tristack/boundary",
  )
    .optional()
    .describe(
      "What no role of the stack may do more than: the output `boundary` of a stack of the target `account`, whose roles for GitHub make no others.",
    ),
  alarms: alarms
    .prefault({})
    .describe(
      "Who is told that something is wrong. A preview environment has alarms where this names somebody, all others have them.",
    ),
  images: images.prefault({}).describe("Images of the stack's own parts."),
  secrets,
});
