/** How the properties of a resource differ: one change a place, as deep as the two are alike. */
import { Secret } from "./secret.ts";

/** Names of properties, and entries of lists: by number, or by what names them in their list. */
export type PropertyPath = readonly (string | { readonly entry: string | number })[];

export interface PropertyChange {
  readonly path: PropertyPath;
  /** Undefined: it was not there. */
  readonly before?: unknown;
  /** Undefined: it is not there any more. */
  readonly after?: unknown;
}

export function propertyChanges(before: unknown, after: unknown, path: PropertyPath = []): PropertyChange[] {
  if (before instanceof Secret || after instanceof Secret)
    return before instanceof Secret && before.equals(after) ? [] : [{ path, before, after }];
  if (Array.isArray(before) && Array.isArray(after)) return listChanges(before, after, path);
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => propertyChanges(before[key], after[key], [...path, key]));
  }
  if (before === after) return [];
  const [inside, insideAfter] = [parsed(before), parsed(after)];
  const changes = inside && insideAfter ? propertyChanges(inside, insideAfter, path) : [];
  // Texts may differ in more than what they say.
  return changes.length > 0 ? changes : [{ path, before, after }];
}

/** `services.web.ports[0]`, as `pulumi` writes it. */
export function propertyText(path: PropertyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "object") return `${text}[${part.entry}]`;
    if (!/^[\w-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** The names alone, as the table of replacements has them. */
export function namesOf(path: PropertyPath): string[] {
  return path.filter((part) => typeof part === "string");
}

function listChanges(
  before: readonly unknown[],
  after: readonly unknown[],
  path: PropertyPath,
): PropertyChange[] {
  if (before.every(isScalar) && after.every(isScalar)) return scalarChanges(before, after, path);
  const names = namesIn(before, after);
  if (!names) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      propertyChanges(before[index], after[index], [...path, { entry: index }]),
    );
  }
  const changes = [...names].flatMap(([name, [old, current]]) =>
    propertyChanges(old, current, [...path, { entry: name }]),
  );
  const order = (list: readonly unknown[]) => list.map((entry) => nameOf(entry)).join("\0");
  const moved = changes.length === 0 && order(before) !== order(after);
  return moved ? [{ path, before, after }] : changes;
}

/** What has gone and what has come. A variable whose value differs is one change. */
function scalarChanges(
  before: readonly unknown[],
  after: readonly unknown[],
  path: PropertyPath,
): PropertyChange[] {
  const gone = without(before, after);
  const come = without(after, before);
  if (gone.length === 0 && come.length === 0)
    return before.every((one, index) => isSame(one, after[index])) ? [] : [{ path, before, after }];
  if (gone.length === 1 && come.length === 1) return [{ path, before: gone[0], after: come[0] }];
  const changed = gone.map((old) => {
    const variable = variableOf(old);
    const index = come.findIndex((one) => variable !== undefined && variableOf(one) === variable);
    return { path, before: old, after: index < 0 ? undefined : come.splice(index, 1)[0] };
  });
  return [...changed, ...come.map((current) => ({ path, before: undefined, after: current }))];
}

function without(list: readonly unknown[], others: readonly unknown[]): unknown[] {
  const left = [...others];
  return list.filter((one) => {
    const index = left.findIndex((other) => isSame(one, other));
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || (one instanceof Secret && one.equals(other));
}

/** `NAME` of `NAME=value`. */
function variableOf(value: unknown): string | undefined {
  return typeof value === "string" ? /^(\w+)=/.exec(value)?.[1] : undefined;
}

/** Entries of both lists by name, where each has one of its own. */
function namesIn(
  before: readonly unknown[],
  after: readonly unknown[],
): Map<string, [unknown, unknown]> | undefined {
  const found = new Map<string, [unknown, unknown]>();
  for (const [side, list] of [before, after].entries()) {
    for (const entry of list) {
      const name = nameOf(entry);
      const both = found.get(name ?? "") ?? [undefined, undefined];
      if (name === undefined || both[side] !== undefined) return undefined;
      both[side] = entry;
      found.set(name, both);
    }
  }
  return found;
}

/** What entries of lists are known by, in the providers' schemas. */
const NAMES = ["name", "Name", "key", "Sid", "containerPath", "target", "label", "id", "file"];

function nameOf(entry: unknown): string | undefined {
  if (!isObject(entry)) return undefined;
  return NAMES.map((key) => entry[key]).find((value) => typeof value === "string");
}

function isScalar(value: unknown): boolean {
  return value instanceof Secret || typeof value !== "object" || value === null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

/** A JSON document in a text, as policies and definitions of containers are. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
