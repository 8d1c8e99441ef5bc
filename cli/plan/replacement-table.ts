/** Which changes make a resource anew: a table that toolchain/replacements.ts writes down after asking the plugins. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type PropertyChange, namesOf, propertyText } from "./properties.ts";
import type { PlannedResource } from "./resource.ts";

export const REPLACEMENTS_FILE = join(
  import.meta.dirname,
  "..",
  "..",
  "schemas",
  "generated",
  "replacements.json",
);

export interface ReplacementTable {
  /** Versions of the plugins that were asked, by package. */
  readonly versions: Record<string, string>;
  /**
   * Paths of properties by resource type; entries of lists are not in them. One that ends with a dot replaces by coming or
   * going, and not by what changes in it. Under `kubernetes:` those of kinds that have no entry.
   */
  readonly replacedBy: Record<string, string[]>;
}

let table: ReplacementTable | undefined;

export function replacementTable(): ReplacementTable {
  table ??= JSON.parse(readFileSync(REPLACEMENTS_FILE, "utf8")) as ReplacementTable;
  return table;
}

/** Whether the change makes the resource anew: its provider does, or the program asks for it. */
export function replaces(
  change: PropertyChange,
  { type, replaceOnChanges }: Pick<PlannedResource, "type" | "replaceOnChanges">,
  { replacedBy }: ReplacementTable = replacementTable(),
): boolean {
  const asked = propertyText(change.path);
  if (replaceOnChanges.some((path) => path === "*" || isWithin(asked, path) || isWithin(path, asked)))
    return true;
  const [pkg] = type.split(":");
  const paths = replacedBy[type] ?? replacedBy[`${pkg}:`] ?? [];
  return paths.some((path) => isReplacedBy(change, path));
}

function isReplacedBy({ path: changed, before, after }: PropertyChange, path: string): boolean {
  const names = namesOf(changed).join(".");
  const [whole] = [before, after].filter((value) => value !== undefined);
  const comesOrGoes = before === undefined || after === undefined;
  if (path.endsWith(".")) return comesOrGoes && names === path.slice(0, -1);
  if (isWithin(names, path)) return true;
  return comesOrGoes && isWithin(path, names) && has(whole, path.slice(names.length + 1).split("."));
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}

/** Whether there is something at the path, in any entry of the lists on the way. */
function has(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (Array.isArray(value))
    return value.some((entry) => has(entry, name === undefined ? [] : [name, ...rest]));
  if (name === undefined) return value !== undefined;
  return typeof value === "object" && value !== null && has((value as Record<string, unknown>)[name], rest);
}
