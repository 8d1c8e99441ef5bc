/** YAML as every reader of it understands it the same, and as the same objects are always the same text. */
import { Document, visit } from "yaml";

/** First line of every file: what has it may be written anew, and removed. */
export const HEADER = "# Written by `tristack render`: change the stack's settings, not this file.";

export function yamlFile(value: unknown): string {
  // Kubernetes' tools read a mixture of both versions: in 1.1 `yes` is no text, and in 1.2 `0o7` is none.
  const document = new Document(value, {
    version: "1.1",
    sortMapEntries: true,
    aliasDuplicateObjects: false,
  });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && /^[^A-Za-z/].*$/.test(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return `${HEADER}\n${document.toString({ lineWidth: 0, directives: false })}`;
}
