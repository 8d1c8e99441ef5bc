/** What another stack has that environments use in place of a network and a database instance of their own. */
import * as pulumi from "@pulumi/pulumi";
import { type Outputs, outputsSchema } from "../outputs.ts";
import type { Owner } from "../shared/labels.ts";
import { fullStackName } from "../shared/stack-name.ts";
import type { Instance } from "./environment-database.ts";
import type { Place } from "./network.ts";

/** Kind of `secretRef` that leads to Secrets Manager. */
const AT_AWS = "aws-sm:";

const contract = outputsSchema.pick({ database: true, shared: true });

export interface SharedStack {
  readonly network: Place;
  readonly instance: Instance;
}

/**
 * Asks the other stack.
 * @param region where the environment is
 * @throws RunError when it has nothing to share, or is somewhere else.
 */
export async function sharedStack(stack: string, region: string, owner: Owner): Promise<SharedStack> {
  const name = fullStackName(stack, owner);
  const other = new pulumi.StackReference("shared", { name });
  const exported = await Promise.all(
    Object.keys(contract.shape).map(async (key) => [key, await valueOf(other, key)] as const),
  );
  const { data } = contract.safeParse(Object.fromEntries(exported));
  if (!data?.shared)
    throw new pulumi.RunError(
      `shared.stack: ${name} exports nothing to share; needs a stack of the target aws that is up, is not production, and has a network and a database of its own`,
    );
  if (data.shared.region !== region)
    throw new pulumi.RunError(`shared.stack: ${name} is in ${data.shared.region}; needs one in ${region}`);
  return { network: data.shared, instance: instanceOf(data.database, data.shared) };
}

/** One secret output makes the whole of a stack's one to those who refer to it. */
async function valueOf(stack: pulumi.StackReference, key: string): Promise<unknown> {
  const details = await stack.getOutputDetails(key);
  return (details.value ?? details.secretValue) as unknown;
}

function instanceOf(
  { host, port, user, secretRef }: Outputs["database"],
  { databaseGroupId, jobsGroupId }: NonNullable<Outputs["shared"]>,
): Instance {
  return {
    host,
    port,
    user,
    secretArn: secretRef.slice(AT_AWS.length),
    groupId: databaseGroupId,
    jobsGroupId,
  };
}
