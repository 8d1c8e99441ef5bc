/** JSON Schema of a whole `Pulumi.<stack>.yaml`, for editors that complete and check it. */
import { settingsSchema } from "../components/settings/bounds.ts";
import { type SchemaNode, alternatives, isNode, jsonSchemaOf } from "../components/shared/schema-tree.ts";

/** Name of the project in Pulumi.yaml: what its config keys start with. */
export const PROJECT = "tristack";

const ENCRYPTED: SchemaNode = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
  errorMessage: "an encrypted value: pulumi config set --secret --path secrets.NAME",
};

export function stackSchema(): SchemaNode {
  const targets = alternatives(jsonSchemaOf(settingsSchema)).map(configOf);
  const [only, ...others] = targets;
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Pulumi.<stack>.yaml of Tristack",
    description: "The settings of one environment. Generated from components/settings/bounds.ts.",
    type: "object",
    properties: {
      config: only && others.length === 0 ? only : { oneOf: targets },
      secretsprovider: {
        type: "string",
        description: "What encrypts the secrets of this file. Written by Pulumi.",
      },
      encryptedkey: { type: "string", description: "Written by Pulumi." },
      encryptionsalt: { type: "string", description: "Written by Pulumi." },
      environment: { description: "Environments of Pulumi ESC to import." },
    },
    required: ["config"],
    additionalProperties: false,
  };
}

/** The settings of one target as Pulumi's config has them: each key with the project before it. */
function configOf(target: SchemaNode): SchemaNode {
  const properties = Object.entries(target.properties ?? {}).map(([key, node]) => [
    `${PROJECT}:${key}`,
    key === "secrets" && isNode(node) ? encryptedOnly(node) : node,
  ]);
  return {
    type: "object",
    properties: Object.fromEntries(properties) as SchemaNode["properties"],
    required: target.required?.map((key) => `${PROJECT}:${key}`),
    // Settings of providers, such as docker:host, are none of ours; unknown ones of ours are refused.
    patternProperties: { [`^(?!${PROJECT}:)[^:]+:.+$`]: {} },
    additionalProperties: false,
  };
}

/** Secrets as the file must have them, one by one or all together; in plain text they are refused. */
function encryptedOnly(secrets: SchemaNode): SchemaNode {
  return {
    description: secrets.description,
    anyOf: [
      ENCRYPTED,
      { type: "object", propertyNames: secrets.propertyNames, additionalProperties: ENCRYPTED },
    ],
  };
}
