/** schemas/generated/outputs.schema.json and docs/outputs.md, from the contract. */
import { accountOutputsSchema } from "../components/account-outputs.ts";
import { clusterOutputsSchema } from "../components/cluster-outputs.ts";
import { hostOutputsSchema } from "../components/host-outputs.ts";
import { outputsSchema } from "../components/outputs.ts";
import { type SchemaNode, isNode, jsonSchemaOf } from "../components/shared/schema-tree.ts";
import { type Column, sections } from "./markdown.ts";

const INTRO = `# Outputs

Generated from components/outputs.ts by \`npm run generate\`: change that, not this page.

Every stack exports the same outputs, whatever its target: \`pulumi stack output --json --stack S\`, or \`tristack outputs S\`, which
adds what is only known later (\`status\`). schemas/generated/outputs.schema.json describes them for machines; a change of the form is
a change of \`schemaVersion\`. What does not exist yet is \`null\`, not left out. No secret is an output: \`secretRef\` says where
it lies, as a URI (\`pulumi:\`, \`file:\`, \`k8s:\`, \`aws-sm:\`). Commands are lists of words, never text for a shell.

\`\`\`sh
npx tristack outputs production --json | jq -r .urls.web
eval "$(npx tristack outputs production --format env)" && curl "$TRISTACK_URLS_HEALTH"
npx tristack outputs production --format github >> "$GITHUB_OUTPUT"    # urls_web, release_version, …, and json with all of them
\`\`\`

As \`env\` and \`github\` each value is a variable: \`database.secretRef\` is \`TRISTACK_DATABASE_SECRET_REF\` and \`database_secret_ref\`. Null is empty text;
lists, and objects whose keys are yours (\`release.digests\`, \`release.settings\`), are JSON. examples/consumer is a consumer with nothing of this
project's code: it checks outputs against the schema and makes a backup by \`backup.run\`, on any target.`;

const HOST = `## A machine alone

A stack of the target \`host\` carries no application and exports only where its machine is, for the settings of those that run on it:
schemas/generated/host-outputs.schema.json.`;

const CLUSTER = `## A cluster alone

A stack of the target \`cluster\` carries no application either. \`cluster.stack\` of those on it reads \`kubeconfig\`:
schemas/generated/cluster-outputs.schema.json.`;

const ACCOUNT = `## An account alone

A stack of the target \`account\` is what stacks of the target \`aws\` need before they are there:
schemas/generated/account-outputs.schema.json.`;

const columns: readonly Column[] = [
  { head: "type", cell: (_, node) => typeOf(node) },
  { head: "meaning", cell: (_, node) => String(node.description ?? "") },
];

export function outputsJsonSchema(): SchemaNode {
  return { title: "Outputs of a Tristack stack", ...forReaders(jsonSchemaOf(outputsSchema)) };
}

export function hostOutputsJsonSchema(): SchemaNode {
  return { title: "Outputs of a machine of Tristack", ...forReaders(jsonSchemaOf(hostOutputsSchema)) };
}

export function clusterOutputsJsonSchema(): SchemaNode {
  return { title: "Outputs of a cluster of Tristack", ...forReaders(jsonSchemaOf(clusterOutputsSchema)) };
}

export function accountOutputsJsonSchema(): SchemaNode {
  return { title: "Outputs of an account of Tristack", ...forReaders(jsonSchemaOf(accountOutputsSchema)) };
}

/** The sentences of the settings are for those who write them. */
function forReaders(node: SchemaNode): SchemaNode {
  const plain = JSON.stringify(node, (key, value: unknown) => (key === "errorMessage" ? undefined : value));
  return JSON.parse(plain) as SchemaNode;
}

export function outputsPage(): string {
  const fields = sections(jsonSchemaOf(outputsSchema), "Fields", columns);
  const ofHost = sections(jsonSchemaOf(hostOutputsSchema), "Fields of a machine", columns);
  const ofCluster = sections(jsonSchemaOf(clusterOutputsSchema), "Fields of a cluster", columns);
  const ofAccount = sections(jsonSchemaOf(accountOutputsSchema), "Fields of an account", columns);
  return `${[INTRO, fields, HOST, ofHost, CLUSTER, ofCluster, ACCOUNT, ofAccount].join("\n\n")}\n`;
}

function typeOf(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum) return node.enum.map((word) => `\`${String(word)}\``).join(", ");
  if (node.anyOf)
    return node.anyOf.flatMap((option) => (isNode(option) ? [typeOf(option)] : [])).join(" or ");
  if (node.type === "array") return isNode(node.items) ? `list of ${typeOf(node.items)}` : "list";
  return [node.type ?? ""].flat().join(" or ");
}
