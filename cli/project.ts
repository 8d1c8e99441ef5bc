/** Where this checkout keeps what the command needs. The project is always the one that this file lies in. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";
import { badInput, messageOf } from "./errors.ts";

/** A checkout of this repository. */
export interface Project {
  /** The checkout's folder. */
  readonly root: string;
  /** Name in Pulumi.yaml: the namespace of its settings and the value of the project label. */
  readonly name: string;
}

const STACK_NAME = /^([A-Za-z0-9][A-Za-z0-9._-]{0,99}\/){0,2}[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** @param root the checkout; tests use another. @default the folder above this file's */
export function readProject(root = dirname(import.meta.dirname)): Project {
  const { name } = readPulumiYaml(root);
  if (typeof name !== "string") throw badInput(`Pulumi.yaml: name is missing; needs the project's name`);
  return { root, name };
}

/** What is read here of Pulumi.yaml. */
interface PulumiYaml {
  readonly name?: unknown;
  /** The program's file. */
  readonly main: string;
  readonly backend?: { readonly url?: string };
}

/** @param root the checkout */
export function readPulumiYaml(root: string): PulumiYaml {
  return parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as PulumiYaml;
}

/** Git-ignored folder of what `tristack start` makes: the file backend, its passphrase, locks. */
export function ownFolder(project: Project): string {
  return join(project.root, ".tristack");
}

/** `Pulumi.<stack>.yaml`; of `org/project/stack` the last part counts, as for Pulumi. */
export function stackPath(project: Project, stack: string): string {
  return join(project.root, `Pulumi.${basename(stack)}.yaml`);
}

/** Names of the stacks that have settings in a folder, sorted. */
export function stackNamesIn(folder: string): string[] {
  return readdirSync(folder)
    .flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? [])
    .sort();
}

/** Refuses a name that Pulumi would refuse, before anything is created. */
export function checkStackName(stack: string): string {
  if (!STACK_NAME.test(stack)) {
    throw badInput(
      `stack: ${JSON.stringify(stack)}; needs a name of letters, digits, -, _ and . such as staging`,
    );
  }
  return stack;
}

/** A stack's settings file. */
export interface StackFile {
  /** `Pulumi.staging.yaml`, for messages. */
  readonly name: string;
  readonly text: string;
  /** Its `config`, with the project's prefix taken off the keys. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The settings file of a stack; undefined when there is none. */
export function readStackFile(project: Project, stack: string): StackFile | undefined {
  const path = stackPath(project, stack);
  return existsSync(path) ? parseStackFile(project, stack, readFileSync(path, "utf8")) : undefined;
}

/** A settings file from its text. */
export function parseStackFile(project: Project, stack: string, text: string): StackFile {
  const name = basename(stackPath(project, stack));
  const prefix = `${project.name}:`;
  const entries = Object.entries(configOf(name, text)).filter(([key]) => key.startsWith(prefix));
  return {
    name,
    text,
    config: Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), structured(value)])),
  };
}

function configOf(name: string, text: string): Record<string, unknown> {
  try {
    return (parse(text) as { config?: Record<string, unknown> } | null)?.config ?? {};
  } catch (error) {
    throw badInput(`${name}: ${messageOf(error)}`);
  }
}

/** `pulumi config set` without --path saves an object as JSON text. */
function structured(value: unknown): unknown {
  if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
