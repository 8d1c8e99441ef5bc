/** Workloads of a cluster, from 201 (anchors/kubernetes.md). */
import { type Props, type Resource, type Rule, at, listAt, ofType, textAt } from "../rule.ts";

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  "kubernetes:apps/v1:Deployment": ["spec", "template", "spec"],
  "kubernetes:apps/v1:StatefulSet": ["spec", "template", "spec"],
  "kubernetes:apps/v1:DaemonSet": ["spec", "template", "spec"],
  "kubernetes:batch/v1:Job": ["spec", "template", "spec"],
  "kubernetes:batch/v1:CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
  "kubernetes:argoproj.io/v1alpha1:Rollout": ["spec", "template", "spec"],
  "kubernetes:core/v1:Pod": ["spec"],
};
const types = Object.keys(TEMPLATES);
/** Those that requests go to. */
const SERVING = ["kubernetes:apps/v1:Deployment", "kubernetes:argoproj.io/v1alpha1:Rollout"];

const pods = (
  number: number,
  name: string,
  ids: string[],
  meaning: string,
  holds: (pod: unknown, containers: readonly unknown[]) => boolean,
  of: readonly string[] = types,
): Rule => ({
  number,
  name: `kubernetes-${name}`,
  ids,
  meaning,
  types: of,
  holds: (props, type) => {
    const pod = podOf(props, type);
    return holds(pod, [...listAt(pod, "initContainers"), ...listAt(pod, "containers")]);
  },
});

export const kubernetesRules: readonly Rule[] = [
  pods(
    201,
    "restricted",
    ["CKV_K8S_20", "CKV_K8S_16"],
    "No container may get more rights than it has, and none has all.",
    (_, containers) =>
      containers.every(
        (one) =>
          at(one, "securityContext", "privileged") !== true &&
          at(one, "securityContext", "allowPrivilegeEscalation") === false &&
          listAt(one, "securityContext", "capabilities", "drop").includes("ALL"),
      ),
  ),
  pods(
    202,
    "no-root",
    ["CKV_K8S_6", "CKV_K8S_23"],
    "Pods run as somebody other than root.",
    (pod, containers) =>
      at(pod, "securityContext", "runAsNonRoot") === true ||
      (containers.length > 0 &&
        containers.every((one) => at(one, "securityContext", "runAsNonRoot") === true)),
  ),
  pods(
    203,
    "no-node",
    ["CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19"],
    "Pods share nothing with their node.",
    (pod) =>
      ["hostNetwork", "hostPID", "hostIPC"].every((key) => at(pod, key) !== true) &&
      listAt(pod, "volumes").every((volume) => at(volume, "hostPath") === undefined),
  ),
  pods(
    204,
    "limits",
    ["CKV_K8S_11", "CKV_K8S_13"],
    "Every container has a limit of CPU and memory.",
    (_, containers) =>
      containers.every((one) =>
        ["cpu", "memory"].every((key) => at(one, "resources", "limits", key) !== undefined),
      ),
  ),
  pods(205, "versions", ["CKV_K8S_14"], "Images have a version.", (_, containers) =>
    containers.every((one) => /(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(textAt(one, "image"))),
  ),
  pods(
    206,
    "ready",
    ["CKV_K8S_9"],
    "What requests go to says when it is ready.",
    (pod) =>
      listAt(pod, "containers").every(
        (one) => listAt(one, "ports").length === 0 || at(one, "readinessProbe") !== undefined,
      ),
    SERVING,
  ),
  pods(
    207,
    "no-token",
    ["CKV_K8S_38"],
    "Pods do not get a key of the cluster by themselves.",
    (pod) => at(pod, "automountServiceAccountToken") === false,
  ),
  {
    number: 208,
    name: "kubernetes-autoscaler-decides",
    ids: ["own"],
    meaning:
      "Where an autoscaler decides on the number of pods, the workload names none, or leaves it alone.",
    breaches: (all) => {
      const scaled = ofType(all, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler").map(({ props }) =>
        textAt(props, "spec", "scaleTargetRef", "name"),
      );
      return all.filter(
        ({ type, props, ignoreChanges }) =>
          SERVING.includes(type) &&
          scaled.includes(textAt(props, "metadata", "name")) &&
          at(props, "spec", "replicas") !== undefined &&
          !ignoreChanges.includes("spec.replicas"),
      );
    },
  },
  {
    number: 209,
    name: "kubernetes-closed-namespace",
    ids: ["CKV2_K8S_6"],
    meaning: "In a namespace nobody talks to anybody, unless a policy says so.",
    breaches: (all) =>
      ofType(all, "kubernetes:core/v1:Namespace").filter((namespace) => !deniedByDefault(all, namespace)),
  },
];

function podOf(props: Props, type: string): unknown {
  return at(props, ...(TEMPLATES[type] ?? []));
}

function deniedByDefault(all: readonly Resource[], namespace: Resource): boolean {
  const name = textAt(namespace.props, "metadata", "name");
  return ofType(all, "kubernetes:networking.k8s.io/v1:NetworkPolicy").some(
    ({ props }) =>
      textAt(props, "metadata", "namespace") === name &&
      Object.keys(at(props, "spec", "podSelector") ?? {}).length === 0 &&
      ["Ingress", "Egress"].every((kind) => listAt(props, "spec", "policyTypes").includes(kind)) &&
      listAt(props, "spec", "ingress").length + listAt(props, "spec", "egress").length === 0,
  );
}
