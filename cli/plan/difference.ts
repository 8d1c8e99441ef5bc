/** What an update from one plan to another would do. What follows from it in others only their providers know. */
import { holdsData } from "../holds-data.ts";
import { type PropertyChange, propertyChanges, propertyText } from "./properties.ts";
import { type ReplacementTable, replacementTable, replaces } from "./replacement-table.ts";
import type { PlannedResource } from "./resource.ts";

export type ChangeKind = "replaced" | "deleted" | "updated" | "created";

export interface PlannedChange extends PropertyChange {
  /** Whether the resource is made anew for it. */
  readonly replaces: boolean;
}

export interface ResourceChange {
  readonly kind: ChangeKind;
  /** As it is now; of a deleted one, as it was. */
  readonly resource: PlannedResource;
  /** Of one that was there before, and still is. */
  readonly properties: readonly PlannedChange[];
  /** Whether something is lost that cannot be made again. */
  readonly losesData: boolean;
}

export interface Difference {
  /** Those that lose data first, then replaced, deleted, updated, created. */
  readonly changes: readonly ResourceChange[];
  readonly unchanged: number;
}

export const KINDS: readonly ChangeKind[] = ["replaced", "deleted", "updated", "created"];

export function difference(
  before: readonly PlannedResource[],
  after: readonly PlannedResource[],
  table: ReplacementTable = replacementTable(),
): Difference {
  const made = (all: readonly PlannedResource[]) => all.filter(({ custom }) => custom);
  const old = new Map(made(before).map((one) => [one.urn, one]));
  const current = new Map(made(after).map((one) => [one.urn, one]));
  const changes = [
    ...[...old.values()].flatMap((one) => (current.has(one.urn) ? [] : [changeOf("deleted", one)])),
    ...[...current.values()].flatMap((one) => {
      const former = old.get(one.urn);
      if (!former) return [changeOf("created", one)];
      const properties = plannedChanges(former, one, table);
      if (properties.length === 0) return [];
      return [
        changeOf(properties.some((change) => change.replaces) ? "replaced" : "updated", one, properties),
      ];
    }),
  ];
  const both = [...current.keys()].filter((urn) => old.has(urn)).length;
  const differing = changes.filter(({ kind }) => kind === "updated" || kind === "replaced").length;
  return { changes: changes.sort(inOrder), unchanged: both - differing };
}

function changeOf(
  kind: ChangeKind,
  resource: PlannedResource,
  properties: readonly PlannedChange[] = [],
): ResourceChange {
  const goes = kind === "replaced" || kind === "deleted";
  return { kind, resource, properties, losesData: goes && holdsData(resource.type, resource.name) };
}

function plannedChanges(
  before: PlannedResource,
  after: PlannedResource,
  table: ReplacementTable,
): PlannedChange[] {
  const changes = propertyChanges(before.inputs, after.inputs)
    .filter(({ path }) => !isIgnored(propertyText(path), after.ignoreChanges))
    .map((change) => ({ ...change, replaces: replaces(change, after, table) }));
  // No property, and yet what keeps it from being deleted.
  const protect = {
    path: ["protect"],
    before: before.protect,
    after: after.protect,
    replaces: false,
  };
  return before.protect === after.protect ? changes : [...changes, protect];
}

function isIgnored(path: string, ignored: readonly string[]): boolean {
  return ignored.some(
    (one) => one === "*" || path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`),
  );
}

function inOrder(a: ResourceChange, b: ResourceChange): number {
  const rank = ({ losesData, kind }: ResourceChange) => (losesData ? 0 : 1 + KINDS.indexOf(kind));
  return rank(a) - rank(b) || (a.resource.urn < b.resource.urn ? -1 : 1);
}
