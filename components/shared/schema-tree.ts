/** Finding one's way in a schema, as JSON Schema: plain data, whose properties keep the order of their declaration. */
import { z } from "zod";
import type { Path } from "./problems.ts";
import { valueAt } from "./problems.ts";

export type SchemaNode = z.core.JSONSchema.BaseSchema;

const converted = new WeakMap<z.ZodType, SchemaNode>();

/** What a schema accepts (not what it makes of it) as JSON Schema. Converted once: it takes milliseconds. */
export function jsonSchemaOf(schema: z.ZodType): SchemaNode {
  const known = converted.get(schema);
  if (known) return known;
  const node = z.toJSONSchema(schema, { io: "input" });
  converted.set(schema, node);
  return node;
}

/** The objects that may stand here: several where one of several is chosen by a word in them. */
export function alternatives(node: SchemaNode): SchemaNode[] {
  return node.oneOf ? node.oneOf.flatMap((option) => (isNode(option) ? alternatives(option) : [])) : [node];
}

/** Names of the known properties at a path, in their order; of the alternative that `input` has chosen, if it has. */
export function knownKeys(root: SchemaNode, path: Path, input: unknown): string[] {
  const nodes = path.reduce<SchemaNode[]>(
    (found, part) => found.flatMap((node) => childrenOf(node, part)),
    [root],
  );
  const all = nodes.flatMap(alternatives);
  const chosen = all.filter((node) => isChosen(node, valueAt(input, path)));
  const names = (chosen.length > 0 ? chosen : all).flatMap((node) => Object.keys(node.properties ?? {}));
  return [...new Set(names)];
}

function childrenOf(node: SchemaNode, part: string | number): SchemaNode[] {
  return alternatives(node).flatMap((option) => {
    const child =
      typeof part === "number" ? option.items : (option.properties?.[part] ?? option.additionalProperties);
    return isNode(child) ? [child] : [];
  });
}

function isChosen(node: SchemaNode, value: unknown): boolean {
  return Object.entries(node.properties ?? {}).every(
    ([key, property]) =>
      !isNode(property) || property.const === undefined || property.const === valueAt(value, [key]),
  );
}

export function isNode(value: unknown): value is SchemaNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
