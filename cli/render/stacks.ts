/** The stacks that are rendered: which, by what settings, and what comes out. */
import { badInput } from "../errors.ts";
import { type Project, type StackFile, readStackFile, stackNamesIn } from "../project.ts";
import { allMissingSecrets, isKubernetes, objectOf, requireSettings } from "../stack-settings.ts";
import { registeredBy } from "./graph.ts";
import { type NeededSecret, manifestsOf } from "./manifests.ts";
import type { StackObjects } from "./neutral.ts";

/** Version by stack; under "" that of all others. */
export type Versions = ReadonlyMap<string, string>;

export interface Stack {
  readonly name: string;
  readonly file: StackFile;
  /** Secrets that its file has not. None gets into what is rendered: that they have a name is enough. */
  readonly promised: readonly string[];
}

export interface RenderedStack extends StackObjects {
  /** That have to be in the namespace before the pods are. */
  readonly secrets: readonly NeededSecret[];
}

/**
 * @param project whose root is the folder of the settings
 * @param named none: all of the target kubernetes
 * @throws CliError, exit code 2, with all that is wrong with any of the settings.
 */
export async function stacksOf(
  project: Project,
  named: readonly string[],
  versions: Versions,
): Promise<Stack[]> {
  const names = named.length > 0 ? [...new Set(named)] : stacksIn(project);
  const unknown = [...versions.keys()].find((name) => name !== "" && !names.includes(name));
  if (unknown !== undefined)
    throw badInput(`--version: ${unknown} is not rendered; needs one of: ${names.join(", ")}`);
  const stacks = names.map((name) => {
    const file = fileOf(project, name, versions);
    return { name, file, promised: promisedBy(file) };
  });
  const unversioned = stacks.filter(({ file }) => !namesRelease(file)).map(({ file }) => file.name);
  if (unversioned.length > 0)
    throw badInput(
      `--version is missing, and no release is in ${unversioned.join(", ")}; needs such as v1.0.0`,
    );
  for (const { name, file, promised } of stacks) await requireSettings(project, name, file, promised);
  return stacks.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

/** Production last: it is what its overlay says, and not what the base does. */
function rank({ file }: Stack): number {
  return objectOf(file.config.environment).kind === "production" ? 1 : 0;
}

function stacksIn(project: Project): string[] {
  const found = stackNamesIn(project.root).filter((name) => {
    const file = readStackFile(project, name);
    return file !== undefined && isKubernetes(file);
  });
  if (found.length > 0) return found;
  throw badInput(
    `${project.root} has no settings of a stack of the target kubernetes; needs a Pulumi.<stack>.yaml with \`target: kubernetes\``,
  );
}

function fileOf(project: Project, name: string, versions: Versions): StackFile {
  const file = readStackFile(project, name);
  if (!file) throw badInput(`There is no settings file of a stack ${name} in ${project.root}`);
  if (!isKubernetes(file))
    throw badInput(
      `${file.name}: target is ${String(file.config.target)}; what is rendered needs kubernetes`,
    );
  const version = versions.get(name) ?? (namesRelease(file) ? undefined : versions.get(""));
  // Digests are those of another version.
  return version === undefined ? file : withVersion(file, version);
}

/** The file as it would be if it named this release. */
export function withVersion(file: StackFile, version: string): StackFile {
  return { ...file, config: { ...file.config, release: { version } } };
}

export function namesRelease({ config }: StackFile): boolean {
  return config.release !== undefined;
}

/** Secrets that the file names and has not: whoever only looks at the graph needs none of them. */
export function promisedBy(file: StackFile): string[] {
  const { certificates, pullSecrets } = file.config;
  const { certificate, key } = objectOf(certificates);
  const named = [certificate, key, ...(Array.isArray(pullSecrets) ? (pullSecrets as unknown[]) : [])];
  return [...allMissingSecrets(file), ...named.filter((name) => typeof name === "string")];
}

/** Who applies the objects does not change them. */
function withoutGitops(file: StackFile): StackFile {
  const others = Object.entries(file.config).filter(([key]) => key !== "gitops");
  return { ...file, config: Object.fromEntries(others) };
}

export async function renderStack(project: Project, { name, file, promised }: Stack): Promise<RenderedStack> {
  const { resources } = await registeredBy({
    project: project.name,
    stack: name,
    folder: project.root,
    file: withoutGitops(file),
    promised,
  });
  // Where Argo CD applies the rest, the namespace and what limits it stay Pulumi's.
  const others = resources.filter(({ parent }) => parent !== "namespace");
  const { objects, secrets } = manifestsOf(file.config.gitops === undefined ? resources : others);
  const namespace = objects.find(({ metadata }) => metadata.namespace)?.metadata.namespace ?? name;
  return { stack: name, namespace, objects, secrets };
}
