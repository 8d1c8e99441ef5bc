/** Values of resources as the engine's events have them: by path, without a secret. */
import { holdsCredentials } from "../../components/shared/problems.ts";
import { MASK, Secret } from "../plan/secret.ts";

/** How Pulumi marks a value that is more than JSON, and what the mark of a secret is: sdk/go/common/resource/sig. */
const MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Names of what nobody wants to read in an issue, whether Pulumi was told that it is a secret or not. */
const SECRET_NAME = /(passw(or)?d|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?)$/i;

/** The same in a text: a line of a configuration, an argument, a variable. */
const SECRET_GIVEN = /(passw(or)?d|passphrase|secret|token|api_?key|access_?key)["']?\s*[=:]\s*["']?[^\s"']/i;

/** A text, unless somebody could read a secret in it. */
export function safeText(text: string): string | Secret {
  return holdsCredentials(text) || SECRET_GIVEN.test(text) ? new Secret(text) : text;
}

/** `spec.containers[0]["a.b"]` as names and numbers. */
export function pathParts(path: string): (string | number)[] {
  const part = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g;
  return [...path.matchAll(part)].map(([, quoted, index, name]) =>
    index !== undefined ? Number(index) : (quoted?.replaceAll(/\\(.)/g, "$1") ?? name ?? ""),
  );
}

/** What lies at a path, masked; undefined where nothing does. A secret on the way hides all that is in it. */
export function maskedAt(type: string, values: unknown, path: readonly (string | number)[]): unknown {
  let value = values;
  for (const part of path) {
    if (isSecret(value)) return new Secret(MASK);
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value === undefined ? undefined : masked(type, value, path, values);
}

function masked(type: string, value: unknown, path: readonly (string | number)[], all: unknown): unknown {
  if (isSecret(value) || isHidden(type, path, all)) return new Secret(isSecret(value) ? MASK : value);
  if (typeof value === "string") return safeText(value);
  if (Array.isArray(value)) return value.map((entry, index) => masked(type, entry, [...path, index], all));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !key.startsWith("__"));
  return Object.fromEntries(entries.map(([key, one]) => [key, masked(type, one, [...path, key], all)]));
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as Record<string, unknown>)[MARK] === SECRET;
}

/** By its name: also that of a variable whose value this is (`{ name, value }`). */
function isHidden(type: string, path: readonly (string | number)[], all: unknown): boolean {
  if (type === "kubernetes:core/v1:Secret" && /^(data|stringData)$/.test(String(path[0]))) return true;
  const last = path.at(-1);
  if (typeof last !== "string") return false;
  if (last !== "value") return SECRET_NAME.test(last);
  const { name } = (rawAt(all, path.slice(0, -1)) ?? {}) as { name?: unknown };
  return typeof name === "string" && SECRET_NAME.test(name);
}

function rawAt(values: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    values,
  );
}
