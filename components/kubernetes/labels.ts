/** Labels of everything in the cluster: the recommended ones, and whose it is. */
import type { Owner } from "../shared/labels.ts";

/** What a Service, a PodDisruptionBudget and a policy choose pods by: never changes, since Kubernetes forbids it. */
export function selectorOf(owner: Owner, part: string): Record<string, string> {
  return { "app.kubernetes.io/name": part, "app.kubernetes.io/instance": owner.stack };
}

/** On the pods of every service, beside their own: one peer of a policy, however many services there are. */
export const SERVICE_LABEL = { "app.kubernetes.io/component": "service" } as const;

export function labelsOf(owner: Owner, part: string, version?: string): Record<string, string> {
  return {
    ...selectorOf(owner, part),
    "app.kubernetes.io/part-of": owner.project,
    "app.kubernetes.io/managed-by": "tristack",
    // A label has at most 63 letters; a tag has up to 128.
    ...(version === undefined
      ? {}
      : { "app.kubernetes.io/version": version.slice(0, 63).replace(/[^A-Za-z0-9]+$/, "") }),
  };
}
