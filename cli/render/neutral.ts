/** What an overlay says once for all of its objects (namespace, stack's label, numbers of pods, images), taken out of them. */
import { type Manifest, keyOf } from "./manifests.ts";

export interface StackObjects {
  readonly stack: string;
  readonly namespace: string;
  readonly objects: readonly Manifest[];
}

type Node = Record<string, unknown>;

const INSTANCE = "app.kubernetes.io/instance";
/** What stands in their place in the base. */
const NEUTRAL = "base";

/** The stack's objects by what identifies them, without what its overlay says. */
export function neutral(stack: StackObjects, images: ReadonlySet<string>): Map<string, Manifest> {
  const objects = stack.objects.map((object) => {
    const copy = structuredClone(object);
    delete copy.metadata.namespace;
    // Kustomize names the Namespace as it does the namespace of everything else.
    if (copy.kind === "Namespace") copy.metadata.name = NEUTRAL;
    if (copy.kind === "Deployment") delete (copy.spec as Node).replicas;
    walk(copy, (node) => {
      if (node[INSTANCE] === stack.stack) node[INSTANCE] = NEUTRAL;
    });
    for (const container of containersOf(copy)) {
      const { repository } = parts(container.image);
      if (images.has(repository)) container.image = repository;
    }
    return copy;
  });
  return new Map(objects.map((object) => [keyOf(object), object]));
}

/** Where the stack's label is, beside `metadata.labels`: Kustomize's own list has no kinds but Kubernetes' own. */
export function labelsOf({ stack, objects }: StackObjects): object {
  const fields = new Map<string, object>();
  for (const object of objects) {
    const { kind } = object;
    walk(object, (node, path) => {
      if (node[INSTANCE] === stack && path !== "metadata/labels")
        fields.set(`${kind} ${path}`, { kind, path });
    });
  }
  const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, field]) => field);
  return { pairs: { [INSTANCE]: stack }, fields: sorted };
}

/** Deployments under an autoscaler have no number. */
export function replicasOf({ objects }: StackObjects): object[] {
  return objects.flatMap(({ kind, metadata: { name }, spec }) => {
    const { replicas: count } = (spec ?? {}) as Node;
    return kind === "Deployment" && count !== undefined ? [{ name, count }] : [];
  });
}

/** Repositories of which no stack runs two versions at a time: of those, the overlays say the version. */
export function commonImages(stacks: readonly StackObjects[]): Set<string> {
  const of = stacks.map((stack) => byRepository(stack));
  const all = new Set(of.flatMap((versions) => [...versions.keys()]));
  return new Set([...all].filter((name) => of.every((versions) => (versions.get(name)?.size ?? 1) === 1)));
}

export function imagesOf(stack: StackObjects, common: ReadonlySet<string>): object[] {
  return [...byRepository(stack)]
    .filter(([name]) => common.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, references]) =>
      [...references].map((reference) => ({ name, ...parts(reference).version })),
    );
}

/** References by repository. */
function byRepository({ objects }: StackObjects): Map<string, Set<string>> {
  const versions = new Map<string, Set<string>>();
  for (const { image } of objects.flatMap(containersOf)) {
    const { repository } = parts(image);
    versions.set(repository, (versions.get(repository) ?? new Set()).add(image));
  }
  return versions;
}

/** `ghcr.io:443/myorg/web:v1@sha256:…`: the repository, and the rest as Kustomize names it. */
function parts(image: string): { repository: string; version: { newTag?: string; digest?: string } } {
  const [, repository = image, newTag, digest] = /^(.+?)(?::([^/:@]+))?(?:@(.+))?$/.exec(image) ?? [];
  return { repository, version: { ...(newTag ? { newTag } : {}), ...(digest ? { digest } : {}) } };
}

function containersOf(object: Manifest): { image: string }[] {
  const found: { image: string }[] = [];
  walk(object, ({ containers, initContainers }) => {
    for (const list of [containers, initContainers])
      if (Array.isArray(list)) found.push(...(list as { image: string }[]));
  });
  return found;
}

/** Calls `visit` with every object in a value, and its path as Kustomize writes it: without the places in lists. */
function walk(value: unknown, visit: (node: Node, path: string) => void, path: readonly string[] = []): void {
  if (Array.isArray(value)) for (const one of value) walk(one, visit, path);
  else if (typeof value === "object" && value !== null) {
    visit(value as Node, path.join("/"));
    for (const [key, inner] of Object.entries(value)) walk(inner, visit, [...path, key]);
  }
}
