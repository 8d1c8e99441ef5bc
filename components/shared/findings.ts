/** What zod finds wrong, as findings: one a place, in the order of the schema, with a guess at what was meant. */
import type { z } from "zod";
import { type Finding, type Path, nearest, pathText, valueAt } from "./problems.ts";
import { type SchemaNode, jsonSchemaOf, knownKeys } from "./schema-tree.ts";

/** Findings from zod's issues; the messages in the schema are the needs. */
export function findingsOf(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  schema: z.ZodType,
): Finding[] {
  const tree = jsonSchemaOf(schema);
  return issues.flatMap((issue): Finding[] => {
    const path = issue.path.filter((part) => typeof part !== "symbol");
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => unknownKey(path, key, input, tree));
    if (issue.code === "invalid_key") {
      return [
        { path, is: `named ${JSON.stringify(path.at(-1))}`, need: issue.issues[0]?.message ?? issue.message },
      ];
    }
    return [{ path, need: issue.message }];
  });
}

/** What is needed where the schema has no sentence of its own: give it to `safeParse` as `error`. */
export function plainNeed(issue: z.core.$ZodRawIssue): string | undefined {
  const kinds: Record<string, string> = {
    string: "text",
    object: "an object",
    array: "a list",
    int: "a whole number",
  };
  switch (issue.code) {
    case "invalid_type":
      return kinds[issue.expected] ?? `a ${issue.expected}`;
    case "invalid_value":
      return `one of: ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `at least ${issue.minimum}`;
    default:
      return undefined;
  }
}

function unknownKey(path: Path, key: string, input: unknown, tree: SchemaNode): Finding {
  const unused = knownKeys(tree, path, input).filter(
    (known) => valueAt(input, [...path, known]) === undefined,
  );
  const meant = nearest(key, unused);
  const found = { path: [...path, key], is: "not a setting" };
  if (meant === undefined) return { ...found, need: "to be removed" };
  return { ...found, need: `to be removed; did you mean ${meant}?`, spoils: [...path, meant] };
}

/** The first finding of each place: a number that is neither whole nor in bounds is one mistake. */
export function onePerPlace(findings: readonly Finding[]): Finding[] {
  const first = new Map<string, Finding>();
  for (const finding of findings) {
    const place = pathText(finding.path);
    if (!first.has(place)) first.set(place, finding);
  }
  return [...first.values()];
}

/** Sorted as the schema declares its settings, maps as they were written; what is unknown comes last. */
export function inSchemaOrder(findings: readonly Finding[], input: unknown, schema: z.ZodType): Finding[] {
  const tree = jsonSchemaOf(schema);
  const rank = (path: Path): number[] =>
    path.map((part, depth) => {
      if (typeof part === "number") return part;
      const before = path.slice(0, depth);
      const written = valueAt(input, before);
      const known = knownKeys(tree, before, input);
      const names = [
        ...known,
        ...(typeof written === "object" && written !== null ? Object.keys(written) : []),
      ];
      const place = names.indexOf(part);
      return place === -1 ? names.length : place;
    });
  return findings
    .map((finding) => ({ finding, rank: rank(finding.path) }))
    .sort((a, b) => compare(a.rank, b.rank))
    .map(({ finding }) => finding);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const different = a.findIndex((place, depth) => place !== b[depth]);
  if (different === -1) return a.length - b.length;
  return (a[different] ?? -1) - (b[different] ?? -1);
}
