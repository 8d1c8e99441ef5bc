/** What a program registers while it runs under Pulumi's mocks: no engine, no plugin, no credentials. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Path } from "../../components/shared/problems.ts";

/** One resource as it was registered. */
export interface Registered {
  type: string;
  name: string;
  /** Name of the component it belongs to, or "" at the top. */
  parent: string;
  /** Type of that component. */
  parentType: string;
  /** Whether a provider makes it; components only group others. */
  custom: boolean;
  /** Inputs; a secret is `{ secret: value }`, a file `{ file: name, sha256: digest }`. */
  inputs: Record<string, unknown>;
  /** Whether any of them is a secret. */
  secret: boolean;
  /** Where in the inputs secrets are. */
  secretPaths: Path[];
  protect: boolean;
  deleteBeforeReplace: boolean;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  /** Names of what it waits for. */
  dependencies: string[];
  /** The same with their types: `type::name`. */
  waitsFor: string[];
  /** Whether any resource hook is bound to it. */
  hooks: boolean;
}

/** What Pulumi's mock monitor is asked to register, options included: the mocks themselves see only the inputs. */
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getProtect(): boolean;
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getDependenciesList(): string[];
  getHooks(): { toObject(): Record<string, string[]> } | undefined;
}

/** From now on everything that is registered is kept in `resources`, too. */
export function record(resources: Registered[]): void {
  const monitor = (
    pulumi.runtime as unknown as { getMonitor(): { registerResource: (...args: never[]) => unknown } }
  ).getMonitor();
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (...args: never[]) => {
    const request = args[0] as unknown as RegisterRequest;
    const inputs = request.getObject().toJavaScript();
    const [, , parentTypes = "", parent = ""] = request.getParent().split("::");
    resources.push({
      type: request.getType(),
      name: request.getName(),
      parent,
      parentType: parentTypes.split("$").at(-1) ?? "",
      custom: request.getCustom(),
      inputs: unwrapped(inputs) as Record<string, unknown>,
      secret: JSON.stringify(inputs).includes(SECRET),
      secretPaths: secretsIn(inputs),
      protect: request.getProtect(),
      deleteBeforeReplace: request.getDeletebeforereplace(),
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      dependencies: request.getDependenciesList().map((urn) => urn.split("::").at(-1) ?? ""),
      waitsFor: request.getDependenciesList().map(typeAndName),
      hooks: Object.values(request.getHooks()?.toObject() ?? {}).some((names) => names.length > 0),
    });
    return register(...args);
  };
}

function typeAndName(urn: string): string {
  const [, , types = "", ...name] = urn.split("::");
  return `${types.split("$").at(-1) ?? ""}::${name.join("::")}`;
}

/** Pulumi's marks for secrets on the wire: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";

function isSecret(value: object): value is { value: unknown } {
  return (value as Record<string, unknown>)[SIGNATURE] === SECRET;
}

function isFile(value: object): value is { path: string } {
  return (value as Record<string, unknown>)[SIGNATURE] === ASSET && "path" in value;
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) return { secret: unwrapped(value.value) };
  if (isFile(value)) return { file: basename(value.path), sha256: sha256(readFileSync(value.path)) };
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, unwrapped(entry)]));
}

function secretsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  if (isSecret(value)) return [path];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((entry: unknown, index) => [index, entry])
    : Object.entries(value);
  return entries.flatMap(([key, entry]) => secretsIn(entry, [...path, key]));
}
