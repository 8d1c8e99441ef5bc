/**
 * Differences that are there on every run, or that controllers make as they should, by name: they are no findings. Each
 * says why it may be left out. What only a bug of ours would show is not here: that is mended in the program
 * (docs/traps.md).
 */

export interface Noise {
  readonly name: string;
  /** Why nobody has to do anything about it. */
  readonly reason: string;
  /** Types of resources. */
  readonly type: RegExp;
  /** Places, by their path. */
  readonly path: RegExp;
}

export const NOISE: readonly Noise[] = [
  {
    name: "docker-run-once",
    reason:
      "whether a container runs is asked of Docker itself; the provider tells it as a change of mustRun",
    type: /^docker:index\/container:Container$/,
    path: /^mustRun$/,
  },
  {
    name: "kubernetes-written-by-the-cluster",
    reason: "what an API server or a controller writes about an object, and not what was asked for",
    type: /^kubernetes:/,
    path: /^(status\b|metadata\.(managedFields|resourceVersion|generation|uid|creationTimestamp|ownerReferences|finalizers)\b)/,
  },
  {
    name: "kubernetes-annotated-by-controllers",
    reason: "what kubectl, the deployment controller, Argo and cert-manager note down for themselves",
    type: /^kubernetes:/,
    path: /^(spec\.template\.)?metadata\.annotations\W+(deployment\.kubernetes\.io|kubectl\.kubernetes\.io|rollout\.argoproj\.io|argocd\.argoproj\.io|cert-manager\.io)\//,
  },
  {
    name: "kubernetes-moved-by-rollouts",
    reason:
      "Argo Rollouts points Services at the pods that are to get requests, and moves a canary's share step by step",
    type: /^kubernetes:(core\/v1:Service|traefik\.io\/.*|gateway\.networking\.k8s\.io\/.*)$/,
    path: /^spec\.(selector\W+rollouts-pod-template-hash|.*\bweight$)/,
  },
  {
    name: "aws-tags-all",
    reason: "the provider's own sum of tags; a tag that was changed is a change of `tags`",
    type: /^aws:/,
    path: /^tagsAll\b/,
  },
];

/** Updates that change no property: an object that was not ready when it was looked at is written once more. */
export const NOTHING_TO_CHANGE = "nothing-to-change";

export function noiseOf(type: string, path: string, all: readonly Noise[] = NOISE): string | undefined {
  return all.find((one) => one.type.test(type) && one.path.test(path))?.name;
}
