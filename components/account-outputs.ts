/**
 * What a stack of the target `account` exports: where images go, and which roles deploy.
 * schemas/generated/account-outputs.schema.json is generated from this file.
 */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { type AccountSettings, isProtected } from "./settings.ts";
import { costSchema } from "./shared/cost.ts";
import type { Owner } from "./shared/labels.ts";

export const ACCOUNT_OUTPUTS_VERSION = "1.0.0";

export const accountOutputsSchema = z.strictObject({
  schemaVersion: z.literal(ACCOUNT_OUTPUTS_VERSION).describe("Version of this contract."),
  environment: z
    .strictObject({
      name: z.string().min(1).describe("The stack."),
      kind: z.enum(["local", "staging", "production", "preview"]).describe("What it is for."),
    })
    .describe("Which environment this is."),
  target: z.literal("account").describe("An account of AWS."),
  repositories: z
    .record(z.string(), z.string())
    .describe("URLs of the registries by name, as `services.*.image` and `docker push` want them."),
  roles: z
    .record(z.string(), z.string())
    .describe("ARNs of the roles by environment of GitHub: `role-to-assume` of its jobs."),
  boundary: z.string().describe("ARN for `permissionsBoundary` of the stacks that those roles deploy."),
  cost: costSchema,
  protected: z.boolean().describe("Whether the registries refuse to be deleted."),
});

export type AccountOutputs = z.infer<typeof accountOutputsSchema>;

/** What is only known once it is there. */
interface Made {
  readonly urls: Readonly<Record<string, pulumi.Output<string>>>;
  readonly roles: Readonly<Record<string, pulumi.Output<string>>>;
  readonly boundaryArn: pulumi.Output<string>;
  readonly cost: pulumi.Output<AccountOutputs["cost"]>;
}

export function assembleAccountOutputs(
  { environment }: AccountSettings,
  owner: Owner,
  { urls, roles, boundaryArn, cost }: Made,
) {
  return {
    schemaVersion: ACCOUNT_OUTPUTS_VERSION,
    environment: { name: owner.stack, kind: environment.kind },
    target: "account",
    repositories: urls,
    roles,
    boundary: boundaryArn,
    cost,
    protected: isProtected(environment.kind),
  };
}
