/** Rules of lint that are not followed, of which objects, and why. One that skips nothing any more fails the test. */
import type { Finding } from "./finding.ts";

export interface Skip extends Pick<Finding, "tool" | "rule"> {
  readonly objects: RegExp;
  readonly reason: string;
}

const PODS = /^(Deployment|StatefulSet|Job)\//;

const OWN_USER =
  "The user is the image's own, who owns its files and, for the database, its data. `services.*.user` changes it for images that have another.";

export const SKIPS: readonly Skip[] = [
  {
    tool: "checkov",
    rule: "CKV_K8S_9",
    objects: /^Deployment\/worker$/,
    reason: "It has no port: nobody sends it anything that it would have to be ready for.",
  },
  {
    tool: "kube-score",
    rule: "container-image-pull-policy",
    objects: PODS,
    reason:
      "Images are named by digest or by a version that is never pushed again: what a node has is what would come, and a registry that is down keeps no pod from starting.",
  },
  { tool: "checkov", rule: "CKV_K8S_40", objects: PODS, reason: OWN_USER },
  { tool: "kube-score", rule: "container-security-context-user-group-id", objects: PODS, reason: OWN_USER },
  {
    tool: "kube-score",
    rule: "statefulset-has-servicename",
    objects: /^StatefulSet\/(postgres|redis)$/,
    reason:
      "Nobody asks for one pod by name: an address that stays when the pod is replaced serves clients better than a headless Service.",
  },
  {
    tool: "kube-score",
    rule: "networkpolicy-targets-pod",
    objects: /^NetworkPolicy\/certificate-solver$/,
    reason: "Its pods are cert-manager's, there for a moment while a certificate is issued.",
  },
];

export interface Sorted {
  /** Findings that no skip covers. */
  readonly failed: Finding[];
  /** Skips that cover none. */
  readonly unused: Skip[];
}

/** @param tools whose findings these are */
export function skipped(findings: readonly Finding[], skips: readonly Skip[]): Sorted {
  const covers = (skip: Skip, { tool, rule, object }: Finding) =>
    skip.tool === tool && skip.rule === rule && skip.objects.test(object);
  return {
    failed: findings.filter((finding) => !skips.some((skip) => covers(skip, finding))),
    unused: skips.filter((skip) => !findings.some((finding) => covers(skip, finding))),
  };
}
