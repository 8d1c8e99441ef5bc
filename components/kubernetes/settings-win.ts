/** What somebody has changed by hand is put back by the next update. */
import type * as pulumi from "@pulumi/pulumi";

/**
 * Whoever changes a field by `kubectl` owns it from then on, and Server-Side Apply refuses another's field with a conflict: no
 * update would go through. With this mark it is taken back. Fields that are left to a controller (`ignoreChanges`) are not sent.
 * A mark on each object, and not the provider's `enablePatchForce`, which the plugin's published Go source does not know yet.
 * https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/
 */
export const settingsWin: pulumi.ResourceTransformation = ({ type, props, opts }) => {
  if (!type.startsWith("kubernetes:")) return undefined;
  const { metadata, ...rest } = props as { metadata: { annotations?: object } };
  const annotations = { ...metadata.annotations, "pulumi.com/patchForce": "true" };
  return { props: { ...rest, metadata: { ...metadata, annotations } }, opts };
};
