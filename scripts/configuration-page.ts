/** docs/configuration.md: every setting, from the schema, and every rule. */
import { readFileSync } from "node:fs";
import { ruleMeanings } from "../components/settings/rule-check.ts";
import { settingsSchema } from "../components/settings/bounds.ts";
import { type SchemaNode, alternatives, isNode, jsonSchemaOf } from "../components/shared/schema-tree.ts";
import { type Column, sections } from "./markdown.ts";

const INTRO = `# Configuration

Generated from components/settings/bounds.ts and rules.ts beside it by \`npm run generate\`: change those, not this page.

A stack is an environment, and \`Pulumi.<stack>.yaml\` says what it is. Settings are the keys \`tristack:<key>\` in it; keys of
providers, such as \`docker:host\`, are left alone. Anything that is not a setting is refused, and all problems are reported
at once, a line each: the key, what is there, and what it needs. Plain Pulumi then exits with 1 and \`tristack\` with 2;
nothing is created.

- In an editor with YAML support, the first line \`# yaml-language-server: $schema=schemas/generated/stack.schema.json\` completes and
  checks the file while you type.
- \`pulumi config set --path 'services.web.replicas' 3\` sets one value. It writes numbers that are not whole as text, which
  the settings refuse: write those (\`cpu: 0.5\`) in the file.
- Secrets are set with \`pulumi config set --secret --path 'secrets.NAME'\`, which asks for the value. Plain text under
  \`secrets\` is refused, and so are encrypted values anywhere else: only those under \`secrets\` stay secret.
- Sizes are written \`512MiB\` or \`2GiB\`, durations \`30s\`, \`5m\`, \`12h\` or \`7d\`.`;

const columns: readonly Column[] = [
  { head: "needs", cell: (_, node) => needOf(node) },
  { head: "default", cell: (key, node, parent) => defaultOf(key, node, parent) },
  { head: "meaning", cell: (_, node) => String(node.description ?? "") },
];

export function configurationPage(): string {
  const example = readFileSync(new URL("example-stack.yaml", import.meta.url), "utf8").trimEnd();
  const targets = alternatives(jsonSchemaOf(settingsSchema));
  return [
    INTRO,
    `## A complete example\n\n\`\`\`yaml\n${example}\n\`\`\``,
    ...targets.map((target) => sections(target, titleOf(target), columns)),
    `## Rules\n\nWhat several settings must be together:\n\n${ruleMeanings.map((meaning) => `- ${meaning}`).join("\n")}`,
    "",
  ]
    .join("\n\n")
    .replace(/\n+$/, "\n");
}

/** Each target has settings of its own. */
function titleOf({ properties }: SchemaNode): string {
  const target = properties?.target;
  return `Settings of the target \`${isNode(target) ? String(target.const) : ""}\``;
}

function needOf(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  const entry = [node.items, node.additionalProperties].filter(isNode).find((child) => !child.properties);
  const each = entry && !entry.enum && !entry.minLength ? needOf(entry) : "";
  return each === "" ? needText(node) : `${needText(node)}; each: ${each}`;
}

function needText(node: SchemaNode): string {
  return typeof node.errorMessage === "string" ? node.errorMessage : "";
}

function defaultOf(key: string, node: SchemaNode, parent: SchemaNode): string {
  if (node.default !== undefined) {
    const isObject = node.properties !== undefined;
    return isObject
      ? "its own defaults"
      : `\`${typeof node.default === "string" ? node.default : JSON.stringify(node.default)}\``;
  }
  return parent.required?.includes(key) ? "required" : "none";
}
