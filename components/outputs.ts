/**
 * The contract of outputs: what every stack exports, whatever its target, so that CI, backup jobs and people learn one
 * form. Only what is known during the update is in it, nothing from the clock, and no secret. A change of its form is a
 * change of `schemaVersion`. schemas/generated/outputs.schema.json and docs/outputs.md are generated from this file.
 */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { accountOutputsSchema } from "./account-outputs.ts";
import { clusterOutputsSchema } from "./cluster-outputs.ts";
import { hostOutputsSchema } from "./host-outputs.ts";
import { type Release, imageOf, releaseSettingsOf } from "./release.ts";
import { releaseSettingsSchema } from "./settings/application.ts";
import { type ApplicationSettings, isProtected } from "./settings.ts";
import { statusSchema, time } from "./live-status.ts";
import { ownDomain } from "./settings/web.ts";
import { costSchema } from "./shared/cost.ts";
import { findingsOf, onePerPlace, plainNeed } from "./shared/findings.ts";
import type { Owner } from "./shared/labels.ts";
import { type Problem, problemOf } from "./shared/problems.ts";

export const OUTPUTS_VERSION = "1.4.0";

const url = () =>
  z.string("an http or https URL").regex(/^https?:\/\/[^\s/]+(\/\S*)?$/, "an http or https URL");
/** A URI of one of these kinds. */
const reference = (...kinds: string[]) => {
  const need = `a URI that starts with one of: ${kinds.map((kind) => `${kind}:`).join(", ")}`;
  return z.string(need).regex(new RegExp(`^(${kinds.join("|")}):\\S+$`), need);
};

const call = z
  .strictObject({
    via: z.enum(["docker", "ssh+docker", "kubernetes", "lambda"]).describe("How to reach the target."),
    target: z
      .string()
      .describe(
        'What to run it in: the name of a container; on Kubernetes `<namespace>/<CronJob>`, a Job of whose template is to be started with `args` as the command of its container; at AWS the ARN of a function of Lambda, which is to be invoked with the object `{"args": [...]}`, runs it, and answers once it has ended.',
      ),
    args: z.array(z.string()).min(1).describe("The command, word by word; it is never given to a shell."),
  })
  .describe("A command that a consumer can run.");

export const outputsSchema = z.strictObject({
  schemaVersion: z.literal(OUTPUTS_VERSION).describe("Version of this contract."),
  environment: z
    .strictObject({
      name: z.string().min(1).describe("The stack."),
      kind: z.enum(["local", "staging", "production", "preview"]).describe("What it is for."),
    })
    .describe("Which environment this is."),
  target: z.enum(["vps", "aws", "kubernetes"]).describe("What carries the application."),
  release: z
    .strictObject({
      id: z.string().min(1).describe("Changes whenever anything that is served does."),
      version: z.string().min(1).describe("Tag of the images."),
      commit: z.string().nullable().describe("Git commit that they were built from; null if unknown."),
      digests: z.record(z.string(), z.string()).describe("Image digest by service, as far as known."),
      settings: releaseSettingsSchema.describe("The settings that are part of it; nothing secret."),
      restored: z
        .boolean()
        .describe(
          "Whether a rollback brought it back: its settings then stand in place of the file's until the next deploy.",
        ),
    })
    .describe("The release that is served: its health was confirmed before the update ended."),
  urls: z
    .strictObject({
      web: url().describe("The application."),
      api: url().nullable().describe("First route of the service `api`; null without one."),
      health: url().describe("Answers 200 while the stack serves."),
    })
    .describe("Where people and probes reach it."),
  services: z
    .array(
      z.strictObject({
        name: z.string().describe("Name in the settings."),
        image: z.string().describe("Image with digest, or with tag where the digest is unknown."),
        replicas: z.int().min(1).describe("Containers."),
        port: z.int().nullable().describe("Port that it listens on; null for a worker."),
        routes: z.array(z.string()).describe("Public path prefixes."),
        metrics: z.string().nullable().describe("Path of Prometheus metrics, if any."),
      }),
    )
    .describe("The services of the application that the stack runs: a web on Vercel is none of them."),
  database: z
    .strictObject({
      engine: z.literal("postgresql").describe("Always PostgreSQL."),
      version: z.string().describe("Major version."),
      host: z.string().describe("Host name, as services of the stack reach it."),
      port: z.int().describe("Port."),
      name: z.string().describe("Name of the database."),
      user: z.string().describe("Its owner."),
      secretRef: reference("pulumi", "file", "k8s", "aws-sm").describe(
        "Where the password lies; never the password.",
      ),
    })
    .describe("The database."),
  storage: z
    .strictObject({
      volumes: z
        .array(
          z.strictObject({
            name: z.string().describe("What it holds, such as `database`."),
            id: z.string().describe("Its name at the target."),
          }),
        )
        .describe("Volumes that outlive containers."),
    })
    .describe("Where data is kept."),
  backup: z
    .strictObject({
      schedule: z.string().describe("Five fields of cron, in UTC."),
      retentionDays: z.int().min(1).describe("Days that a backup is kept."),
      destination: z.string().describe("URI of the folder or bucket."),
      run: call.describe("Makes a backup now."),
      restore: call.describe("Restores one; the name of the backup is added as the last word."),
    })
    .nullable()
    .describe("Backups of the database; null while there are none."),
  delivery: z
    .strictObject({
      strategy: z
        .enum(["switch", "rolling", "blue-green", "canary"])
        .describe("How traffic moves to a release."),
    })
    .describe("How releases are delivered."),
  monitoring: z
    .strictObject({
      metrics: url().nullable().describe("Where metrics can be asked for."),
      dashboards: url().nullable().describe("Where people look at them."),
    })
    .nullable()
    .describe("Where the stack is observed; null while it is not."),
  shared: z
    .strictObject({
      region: z.string().describe("Region of AWS."),
      vpcId: z.string().describe("The network."),
      publicSubnetIds: z.array(z.string()).min(1).describe("Subnets that have a way to the internet."),
      privateSubnetIds: z.array(z.string()).min(1).describe("Subnets that services run in."),
      leadsOut: z.boolean().describe("Whether private subnets have a way to the internet, too."),
      closedGroupId: z.string().describe("Security group that lets nothing through."),
      jobsGroupId: z.string().describe("Security group that reaches the database."),
      databaseGroupId: z.string().describe("Security group of the database."),
    })
    .nullable()
    .describe(
      "What preview environments use of this stack's besides `database`: ids alone. Null but at AWS, where neither production nor who uses another's shares anything.",
    ),
  cost: costSchema,
  expiresAt: time().nullable().describe("When a preview environment may be destroyed; null for all others."),
  statusRef: reference("file", "k8s", "s3")
    .nullable()
    .describe("Where the live fields are kept; null while nothing is."),
  protected: z.boolean().describe("Whether stateful resources, and so the stack, refuse to be destroyed."),
  status: statusSchema
    .optional()
    .meta({ "x-live": true })
    .describe("Live: not in the stack's outputs; `tristack outputs` adds it from `statusRef`."),
});

export type Outputs = z.infer<typeof outputsSchema>;

/** A value in which any part may still be on its way. */
type DeepInput<T> = pulumi.Input<T extends object ? { readonly [K in keyof T]: DeepInput<T[K]> } : T>;
type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

/** What only a target knows of itself; its function returns it. */
export interface Built {
  /** Id of the release, once it is confirmed to be served. */
  readonly releaseId: pulumi.Input<string>;
  readonly database: Inputs<Pick<Outputs["database"], "version" | "host" | "port" | "secretRef">> &
    // Those of the settings, unless the target says other ones.
    Partial<Inputs<Pick<Outputs["database"], "name" | "user">>>;
  readonly volumes: readonly Inputs<Outputs["storage"]["volumes"][number]>[];
  readonly strategy: Outputs["delivery"]["strategy"];
  readonly cost: pulumi.Input<Outputs["cost"]>;
  /** @default null */
  readonly backup?: pulumi.Input<NonNullable<Outputs["backup"]>>;
  /** @default null */
  readonly monitoring?: pulumi.Input<NonNullable<Outputs["monitoring"]>>;
  /** @default null */
  readonly statusRef?: pulumi.Input<string>;
  /** @default null */
  readonly shared?: pulumi.Input<NonNullable<Outputs["shared"]>>;
}

/** The outputs of a stack: the one place that puts them together. */
export function assembleOutputs(parts: {
  settings: ApplicationSettings;
  owner: Owner;
  release: Release;
  built: Built;
}) {
  const { settings, owner, release, built } = parts;
  const { environment, database } = settings;
  return {
    schemaVersion: OUTPUTS_VERSION,
    environment: { name: owner.stack, kind: environment.kind },
    target: settings.target,
    release: {
      id: built.releaseId,
      version: release.version,
      commit: release.commit ?? null,
      digests: release.digests,
      settings: releaseSettingsOf(settings),
      restored: release.restored !== undefined,
    },
    urls: urlsOf(settings),
    services: Object.entries(settings.services).map(([name, service]) => ({
      name,
      image: imageOf(release, name, service.image),
      replicas: service.replicas,
      port: service.port ?? null,
      routes: service.routes,
      metrics: service.metrics ?? null,
    })),
    database: { engine: "postgresql", name: database.name, user: database.user, ...built.database },
    storage: { volumes: built.volumes },
    backup: built.backup ?? null,
    delivery: { strategy: built.strategy },
    monitoring: built.monitoring ?? null,
    shared: built.shared ?? null,
    cost: built.cost,
    expiresAt: environment.kind === "preview" ? environment.expiresAt : null,
    statusRef: built.statusRef ?? null,
    protected: isProtected(environment.kind),
  } satisfies { [K in keyof Omit<Outputs, "status">]: DeepInput<Outputs[K]> };
}

/** Public addresses of a stack. */
export function urlsOf(settings: ApplicationSettings): Outputs["urls"] {
  const httpsPort = settings.target === "aws" ? 443 : settings.proxy.httpsPort;
  const originOf = (host: string) => (httpsPort === 443 ? `https://${host}` : `https://${host}:${httpsPort}`);
  const own = originOf(settings.target === "aws" ? ownDomain(settings) : settings.domain);
  const route = settings.services.api?.routes[0];
  return {
    web: originOf(settings.domain),
    api: route === undefined ? null : `${own}${route}`,
    health: `${own}/health`,
  };
}

/** Stacks that carry no application have contracts of their own. */
const CONTRACTS = {
  host: hostOutputsSchema,
  cluster: clusterOutputsSchema,
  account: accountOutputsSchema,
} as const;

/** Everything in `value` that the contract does not allow; nothing where it is kept. */
export function checkOutputs(value: unknown): Problem[] {
  const schema = ownContractOf(value) ?? outputsSchema;
  const result = schema.safeParse(value, { error: plainNeed });
  if (result.success) return [];
  const findings = onePerPlace(findingsOf(result.error.issues, value, schema));
  return findings.map((finding) => problemOf(finding, value));
}

/** Whether they are of a stack that carries an application. */
export function isOfApplication(value: unknown): boolean {
  return ownContractOf(value) === undefined;
}

function ownContractOf(value: unknown) {
  if (typeof value !== "object" || value === null || !("target" in value)) return undefined;
  const { target } = value;
  return typeof target === "string" && target in CONTRACTS
    ? CONTRACTS[target as keyof typeof CONTRACTS]
    : undefined;
}
