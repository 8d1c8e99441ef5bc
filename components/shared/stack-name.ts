/** Names of other stacks, as settings have them. */
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "./labels.ts";

/** `staging` is a stack of this project, `platform/staging` one of this organization. */
export function fullStackName(stack: string, { project }: Owner): string {
  const parts = stack.split("/");
  if (parts.length === 3) return stack;
  return [pulumi.getOrganization(), ...(parts.length === 2 ? parts : [project, stack])].join("/");
}
