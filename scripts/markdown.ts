/** Tables of a JSON Schema's objects, as Markdown. */
import { type SchemaNode, alternatives, isNode } from "../components/shared/schema-tree.ts";

/** One object of a schema, with the keys that lead to it. */
interface Section {
  readonly title: string;
  readonly node: SchemaNode;
}

export interface Column {
  readonly head: string;
  cell(key: string, node: SchemaNode, parent: SchemaNode): string;
}

/** A heading and a table for each object in `root`, the outermost first. `title` heads the outermost. */
export function sections(root: SchemaNode, title: string, columns: readonly Column[]): string {
  return objectsIn(root, "")
    .map((section) =>
      [
        `## ${section.title === "" ? title : `\`${section.title}\``}`,
        ...(section.title === "" || !section.node.description ? [] : [section.node.description]),
        table(section.node, columns),
      ].join("\n\n"),
    )
    .join("\n\n");
}

function objectsIn(node: SchemaNode, path: string): Section[] {
  if (node.properties || node.oneOf) {
    const inner = rowsOf(node).flatMap(({ key, child }) =>
      objectsIn(child, path === "" ? key : `${path}.${key}`),
    );
    return [{ title: path, node }, ...inner];
  }
  const nullable = node.anyOf?.filter(isNode).find((option) => option.properties);
  if (nullable) return objectsIn({ ...nullable, description: node.description }, path);
  if (isNode(node.additionalProperties)) return objectsIn(node.additionalProperties, `${path}.<name>`);
  return isNode(node.items) ? objectsIn(node.items, `${path}[]`) : [];
}

function table(node: SchemaNode, columns: readonly Column[]): string {
  const rows = rowsOf(node).map(({ key, child, parent }) => [
    `\`${key}\``,
    ...columns.map((column) => column.cell(key, child, parent)),
  ]);
  const lines = [["key", ...columns.map(({ head }) => head)], ["---", ...columns.map(() => "---")], ...rows];
  return lines.map((cells) => `| ${cells.map(escaped).join(" | ")} |`).join("\n");
}

/** The properties of an object; of one that is chosen by a word, those of all choices, the word once. */
function rowsOf(node: SchemaNode) {
  const options = alternatives(node);
  const rows = options.flatMap((parent) =>
    Object.entries(parent.properties ?? {}).flatMap(([key, child]) =>
      isNode(child) ? [{ key, child, parent }] : [],
    ),
  );
  const word = options.length > 1 ? rows.find(({ child }) => child.const !== undefined)?.key : undefined;
  if (word === undefined) return rows;
  const choices = rows.filter(({ key }) => key === word).map(({ child }) => child);
  const chooser = {
    key: word,
    child: {
      errorMessage: `one of: ${choices.map((choice) => String(choice.const)).join(", ")}`,
      description: choices
        .map((choice) => `\`${String(choice.const)}\`: ${choice.description ?? ""}`)
        .join(" "),
    } as SchemaNode,
    parent: { required: [word] } as SchemaNode,
  };
  const others = rows.filter(({ key }) => key !== word);
  return [
    chooser,
    ...others.map((row) => ({ ...row, child: { ...row.child, description: onlyWith(word, row) } })),
  ];
}

function onlyWith(word: string, { child, parent }: { child: SchemaNode; parent: SchemaNode }): string {
  const chooser = parent.properties?.[word];
  return `With \`${word}: ${isNode(chooser) ? String(chooser.const) : ""}\`. ${child.description ?? ""}`;
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("\n", " ");
}
