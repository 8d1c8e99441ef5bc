/**
 * What a stack of the target `host` exports: where the machine is, for the settings of the stacks that run on it.
 * schemas/generated/host-outputs.schema.json is generated from this file.
 */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { type HostSettings, isProtected } from "./settings.ts";
import { costSchema } from "./shared/cost.ts";
import type { Owner } from "./shared/labels.ts";

export const HOST_OUTPUTS_VERSION = "1.1.0";

export const hostOutputsSchema = z.strictObject({
  schemaVersion: z.literal(HOST_OUTPUTS_VERSION).describe("Version of this contract."),
  environment: z
    .strictObject({
      name: z.string().min(1).describe("The stack."),
      kind: z.enum(["local", "staging", "production", "preview"]).describe("What it is for."),
    })
    .describe("Which environment this is."),
  target: z.literal("host").describe("A machine alone."),
  host: z
    .strictObject({
      docker: z
        .string("an address such as ssh://deploy@203.0.113.10")
        .regex(/^ssh:\/\/\S+@\S+$/)
        .describe("What `host.docker` is to be in the stacks that run on it."),
      address: z.string().describe("Public IPv4 address; it stays when the machine is replaced."),
      user: z.string().describe("Who deploys."),
      instanceId: z.string().describe("EC2's id of it."),
      region: z.string().describe("Region of AWS."),
      architecture: z.enum(["amd64", "arm64"]).describe("What images have to be built for."),
    })
    .describe("The machine."),
  names: z.array(z.string()).describe("Host names that lead to it."),
  cost: costSchema,
  protected: z.boolean().describe("Whether machine and address refuse to be deleted."),
});

export type HostOutputs = z.infer<typeof hostOutputsSchema>;

/** What is only known once the machine is there. */
interface Made {
  readonly address: pulumi.Output<string>;
  readonly instanceId: pulumi.Output<string>;
  readonly architecture: HostOutputs["host"]["architecture"];
  readonly cost: pulumi.Output<HostOutputs["cost"]>;
}

export function assembleHostOutputs({ environment, machine, dns }: HostSettings, owner: Owner, made: Made) {
  return {
    schemaVersion: HOST_OUTPUTS_VERSION,
    environment: { name: owner.stack, kind: environment.kind },
    target: "host",
    host: {
      docker: pulumi.interpolate`ssh://${machine.user}@${made.address}`,
      address: made.address,
      user: machine.user,
      instanceId: made.instanceId,
      region: machine.region,
      architecture: made.architecture,
    },
    names: dns?.names ?? [],
    cost: made.cost,
    protected: isProtected(environment.kind),
  };
}
