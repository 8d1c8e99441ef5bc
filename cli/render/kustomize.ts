/**
 * Stacks as a Kustomize base and an overlay each. The base is what all stacks have, in the words of the first; an overlay
 * says its namespace, its stack's label, its numbers of pods, its images, what it has alone, and patches what else differs.
 * `kustomize build` of an overlay gives exactly the stack's objects (test/e2e/kubernetes/render.test.ts).
 */
import fastJsonPatch from "fast-json-patch";
import { type Manifest, keyOf, sorted } from "./manifests.ts";
import { type StackObjects, commonImages, imagesOf, labelsOf, neutral, replicasOf } from "./neutral.ts";
import { yamlFile } from "./yaml.ts";

/** Text by path in the output folder. */
export type Files = Map<string, string>;

const KUSTOMIZATION = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" };

/** @param stacks whose names are the overlays' */
export function kustomize(stacks: readonly StackObjects[]): Files {
  const images = commonImages(stacks);
  const all = stacks.map((stack) => ({ stack, objects: neutral(stack, images) }));
  const [first, ...others] = all.map(({ objects }) => objects);
  const base = new Map([...(first ?? [])].filter(([key]) => others.every((other) => other.has(key))));

  const files = new Map(filesOf([...base.values()]));
  files.set("kustomization.yaml", yamlFile({ ...KUSTOMIZATION, resources: inOrder([...files.keys()]) }));
  return new Map([
    ...under("base", files),
    ...all.flatMap(({ stack, objects }) =>
      under(`overlays/${stack.stack}`, overlay(stack, objects, base, images)),
    ),
  ]);
}

function overlay(
  stack: StackObjects,
  objects: ReadonlyMap<string, Manifest>,
  base: ReadonlyMap<string, Manifest>,
  images: ReadonlySet<string>,
): Files {
  const own = filesOf([...objects.values()].filter((object) => !base.has(keyOf(object))));
  const patches = sorted([...base.values()]).flatMap((object) => {
    const operations = fastJsonPatch.compare(object, objects.get(keyOf(object)) ?? object);
    const target = { kind: object.kind, name: object.metadata.name };
    return operations.length > 0 ? [{ path: `patches/${fileName(object)}`, target, operations }] : [];
  });
  const kustomization = {
    ...KUSTOMIZATION,
    resources: ["../../base", ...own.map(([name]) => name)],
    namespace: stack.namespace,
    labels: [labelsOf(stack)],
    replicas: replicasOf(stack),
    images: imagesOf(stack, images),
    patches: patches.map(({ path, target }) => ({ path, target })),
  };
  return new Map([
    ...own,
    ...patches.map(({ path, operations }): [string, string] => [path, yamlFile(operations)]),
    ["kustomization.yaml", yamlFile(kustomization)],
  ]);
}

function filesOf(objects: readonly Manifest[]): [name: string, text: string][] {
  return sorted(objects).map((object) => [fileName(object), yamlFile(object)]);
}

/** The namespace before what is in it: not everybody who applies sees to that. */
function inOrder(names: readonly string[]): string[] {
  const last = (name: string) => Number(!name.startsWith("namespace-"));
  return [...names].sort((a, b) => last(a) - last(b));
}

function under(folder: string, files: Files): [path: string, text: string][] {
  return [...files].map(([name, text]) => [`${folder}/${name}`, text]);
}

function fileName({ kind, metadata }: Manifest): string {
  return `${kind.toLowerCase()}-${metadata.name}.yaml`;
}
