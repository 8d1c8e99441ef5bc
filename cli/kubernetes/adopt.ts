/** After an interruption: the objects that were made without the state having heard of it. */
import type { Adopted } from "../recover.ts";
import type { PendingOperation } from "../recovery.ts";
import { objectOf } from "../stack-settings.ts";
import { type Cluster, orIfMissing } from "./client.ts";

/** Ids of those that the cluster has, as @pulumi/kubernetes writes them. */
export async function adoptable(
  { objects }: Pick<Cluster, "objects">,
  pending: readonly PendingOperation[],
): Promise<Adopted[]> {
  const found = await Promise.all(
    pending
      .filter(({ type }) => type === "creating")
      .map(async ({ resource: { urn, inputs } }) => {
        const object = objectIn(inputs);
        if (!object || !(await orIfMissing(objects.read(object)))) return [];
        const { namespace, name } = object.metadata;
        return [{ urn, id: namespace === undefined ? name : `${namespace}/${name}` }];
      }),
  );
  return found.flat();
}

/** What names an object; undefined of anything that is none. */
function objectIn(inputs: Readonly<Record<string, unknown>> | undefined) {
  const { apiVersion, kind, metadata } = inputs ?? {};
  const { name, namespace } = objectOf(metadata);
  if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string")
    return undefined;
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: typeof namespace === "string" ? namespace : undefined },
  };
}
