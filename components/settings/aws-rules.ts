/** What the settings of a stack at AWS must be together. */
import { isExpressible } from "../shared/eventbridge-schedule.ts";
import type { AwsSettings, Service } from "../settings.ts";
import type { Finding } from "../shared/problems.ts";
import { mebibytes } from "../shared/units.ts";
import { ANY, type Rule, SAME, missingSecret, rising } from "./rules.ts";

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html, read 2026-11-26. */
const MOST_MEMORY = 10_240;
const LEAST_MEMORY = 128;

/** What Lambda and API Gateway have no place for, by setting of a service. */
const ELSEWHERE_ONLY = {
  autoscale: "Lambda starts as many as there are requests",
  requests: "Lambda keeps nothing free",
  schemaRevisions: "a rollback does not ask it there",
} as const satisfies Partial<Record<keyof Service, string>>;

export const awsRules: readonly Rule<AwsSettings>[] = [
  {
    meaning: "On the target aws `environment.kind` is not local.",
    reliesOn: [["environment", "kind"]],
    *check({ environment: { kind } }) {
      if (kind === "local")
        yield {
          path: ["environment", "kind"],
          need: "staging, production or preview, since the target is aws",
        };
    },
  },
  {
    meaning: "`domain` is `dns.zone`, or in it.",
    reliesOn: [["domain"], ["dns", "zone"]],
    *check({ domain, dns: { zone } }) {
      if (domain !== zone && !domain.endsWith(`.${zone}`))
        yield { path: ["domain"], need: `a name in the zone ${zone}` };
    },
  },
  {
    meaning: "In production on the target aws `database.standby` is true.",
    reliesOn: [
      ["database", "standby"],
      ["environment", "kind"],
    ],
    *check({ database: { standby }, environment: { kind } }) {
      if (kind === "production" && !standby)
        yield { path: ["database", "standby"], need: "true, since the environment is production" };
    },
  },
  {
    meaning: "On the target aws images are in ECR, in `region`: Lambda runs no others.",
    reliesOn: [["services", ANY, "image"], ["region"]],
    *check({ services, region }) {
      for (const [name, { image }] of Object.entries(services))
        if (!new RegExp(`^\\d{12}\\.dkr\\.ecr\\.${region}\\.amazonaws\\.com/`).test(image))
          yield {
            path: ["services", name, "image"],
            need: `an image of ECR, such as 123456789012.dkr.ecr.${region}.amazonaws.com/${name}`,
          };
    },
  },
  {
    meaning: "On the target aws each service has a `port`: Lambda runs what requests start, and no workers.",
    reliesOn: [["services", ANY, "port"]],
    *check({ services }) {
      for (const [name, { port }] of Object.entries(services))
        if (port === undefined)
          yield { path: ["services", name, "port"], need: "a port, since the target is aws" };
    },
  },
  {
    meaning: "On the target aws `services.*.memory` is from 128MiB to 10GiB; the CPUs follow from it.",
    reliesOn: [["services", ANY, "memory"]],
    *check({ services }) {
      for (const [name, { memory }] of Object.entries(services))
        if (mebibytes(memory) > MOST_MEMORY || mebibytes(memory) < LEAST_MEMORY)
          yield { path: ["services", name, "memory"], need: "a size from 128MiB to 10GiB, which Lambda has" };
    },
  },
  {
    meaning: "On the target aws no service uses `cache`: a Redis of elsewhere is the secret REDIS_URL.",
    reliesOn: [["services", ANY, "uses"]],
    *check({ services }) {
      for (const [name, { uses }] of Object.entries(services))
        if (uses.includes("cache"))
          yield {
            path: ["services", name, "uses"],
            need: "database alone, since the target is aws; a Redis of elsewhere is the secret REDIS_URL",
          };
    },
  },
  {
    meaning: `On the target aws services have none of: ${Object.keys(ELSEWHERE_ONLY).join(", ")}.`,
    reliesOn: [["services", ANY, SAME]],
    *check({ services }): Iterable<Finding> {
      for (const [name, service] of Object.entries(services))
        for (const [key, why] of Object.entries(ELSEWHERE_ONLY))
          if (service[key as keyof typeof ELSEWHERE_ONLY] !== undefined)
            yield { path: ["services", name, key], need: `to be left out, since the target is aws: ${why}` };
    },
  },
  {
    meaning: "`delivery.steps` rise.",
    reliesOn: [["delivery"]],
    *check({ delivery }) {
      yield* rising(delivery);
    },
  },
  {
    meaning:
      "On the target aws `backup.schedule` and `backup.drill` name days of the month or of the week, and not both: EventBridge knows one of them.",
    reliesOn: [["backup"]],
    *check({ backup }) {
      for (const key of ["schedule", "drill"] as const)
        if (backup && !isExpressible(backup[key]))
          yield {
            path: ["backup", key],
            need: "* as the day of the month, or as that of the week, since the target is aws",
          };
    },
  },
  {
    meaning: "`alarms.webhook` is under `secrets`.",
    reliesOn: [["alarms"], ["secrets"]],
    *check(settings) {
      const { webhook } = settings.alarms;
      if (webhook !== undefined) yield* missingSecret(settings, ["alarms", "webhook"], webhook);
    },
  },
];
