/**
 * `Pulumi.local.yaml` and `Pulumi.local-kubernetes.yaml`: made from the tracked templates, and afterwards the user's; only
 * a few keys are kept current.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Document, isMap, parseDocument } from "yaml";
import { badInput } from "./errors.ts";
import { type Project, ownFolder, stackPath } from "./project.ts";

/** What `tristack start` keeps current. What is left out stays as it is. */
export interface LocalChanges {
  /** Tag of the images that were built. */
  readonly version?: string;
  /** Stand-ins for the stack's own images, by name; an empty object: none is needed (any more). */
  readonly images?: Readonly<Record<string, string>>;
  readonly httpPort?: number;
  readonly httpsPort?: number;
  /** Of the cluster that was made for it; one that the user has chosen stays. */
  readonly kubeconfig?: string;
}

/** Stacks whose settings are made by `tristack start`, and go with them. */
export const LOCAL_STACKS: readonly string[] = ["local", "local-kubernetes"];

/** Where images live that were built on this machine and come from no registry. */
export const LOCAL_REGISTRY = "tristack.local/";

/**
 * The new text of the file. Comments, order and other keys stay; when nothing has to change the text is the same to the
 * byte.
 * @param prefix the project's name, as in `tristack:release`
 */
export function mergeLocalSettings(
  text: string,
  prefix: string,
  changes: LocalChanges,
  stack = "local",
): string {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem) throw badInput(`Pulumi.${stack}.yaml: ${problem.message}`);
  const config = new Config(document, prefix);
  if (changes.version !== undefined && config.get("release", "version") !== changes.version) {
    config.set(["release"], document.createNode({ version: changes.version }));
  }
  if (changes.httpPort !== undefined) config.set(["proxy", "httpPort"], changes.httpPort);
  if (changes.httpsPort !== undefined) config.set(["proxy", "httpsPort"], changes.httpsPort);
  if (changes.kubeconfig !== undefined && config.get("cluster", "kubeconfig") === undefined)
    config.set(["cluster", "kubeconfig"], changes.kubeconfig);
  if (changes.images) mergeImages(config, changes.images);
  return config.changed ? document.toString({ lineWidth: 0 }) : text;
}

/** Stand-ins replace stand-ins and fill gaps; an image that the user has chosen stays. */
function mergeImages(config: Config, images: Readonly<Record<string, string>>): void {
  const ours = (value: unknown) => typeof value === "string" && value.startsWith(LOCAL_REGISTRY);
  for (const name of config.keys("images")) {
    if (ours(config.get("images", name)) && !(name in images)) config.remove("images", name);
  }
  for (const [name, image] of Object.entries(images)) {
    const current = config.get("images", name);
    if (current === undefined || ours(current)) config.set(["images", name], image);
  }
}

/** The `config` map of a stack file, whose keys carry the project's name. */
class Config {
  changed = false;
  readonly #document: Document;
  readonly #prefix: string;

  constructor(document: Document, prefix: string) {
    this.#document = document;
    this.#prefix = prefix;
  }

  #path([key, ...rest]: readonly string[]): string[] {
    return ["config", `${this.#prefix}:${key ?? ""}`, ...rest];
  }

  get(...path: string[]): unknown {
    return this.#document.getIn(this.#path(path));
  }

  keys(key: string): string[] {
    const node = this.#document.getIn(this.#path([key]));
    return isMap(node) ? node.items.map((item) => String(item.key)) : [];
  }

  set(path: readonly string[], value: unknown): void {
    if (this.#document.getIn(this.#path(path)) === value) return;
    this.#document.setIn(this.#path(path), value);
    this.changed = true;
  }

  remove(key: string, name: string): void {
    this.#document.deleteIn(this.#path([key, name]));
    if (this.keys(key).length === 0) this.#document.deleteIn(this.#path([key]));
    this.changed = true;
  }
}

/** Text of the stack's file, or of its template the first time. */
export function readLocalSettings(project: Project, stack: string): string {
  const file = stackPath(project, stack);
  return readFileSync(existsSync(file) ? file : `${file}.template`, "utf8");
}

/** Writes the file where it differs; whole or not at all. */
export function writeLocalSettings(project: Project, text: string, stack: string): void {
  const file = stackPath(project, stack);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(ownFolder(project), { recursive: true, mode: 0o700 });
  const draft = join(ownFolder(project), `${basename(file)}.new`);
  writeFileSync(draft, text);
  renameSync(draft, file);
}
