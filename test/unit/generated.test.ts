/** Generated files are what the code says, and say something of everything. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import { outputsSchema } from "../../components/outputs.ts";
import { settingsSchema } from "../../components/settings/bounds.ts";
import { type SchemaNode, isNode, jsonSchemaOf } from "../../components/shared/schema-tree.ts";
import { stalePages } from "../../scripts/diagrams.ts";
import { staleFiles } from "../../scripts/generated.ts";
import { PROJECT, stackSchema } from "../../scripts/stack-schema.ts";
import { type Config, problemLines } from "../support/settings.ts";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

/** Names of all properties in a schema without a description. */
function undescribed(node: SchemaNode, path = ""): string[] {
  const inner = [node.items, node.additionalProperties, ...(node.oneOf ?? []), ...(node.anyOf ?? [])].filter(
    isNode,
  );
  const properties = Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    if (!isNode(child)) return [];
    return [...(child.description ? [] : [`${path}.${key}`]), ...undescribed(child, `${path}.${key}`)];
  });
  return [...properties, ...inner.flatMap((child) => undescribed(child, path))];
}

const SHIPPED = [
  ...["Pulumi.staging.yaml", "Pulumi.production.yaml", "Pulumi.local.yaml.template"],
  ...["examples/kubernetes/Pulumi.production.yaml", "examples/aws/Pulumi.production.yaml"],
  ...["examples/aws/Pulumi.account.yaml", "Pulumi.preview.yaml"],
  ...["examples/previews/kubernetes.yaml", "examples/previews/aws.yaml"],
];

describe("generated files", () => {
  it("are current", () => {
    assert.deepEqual(staleFiles(), [], "run: npm run generate");
  });

  it("are current, the diagrams as well", async () => {
    assert.deepEqual(await stalePages(), [], "run: npm run generate");
  });

  it("describe every setting and every output", () => {
    assert.deepEqual(undescribed(jsonSchemaOf(settingsSchema)), []);
    assert.deepEqual(undescribed(jsonSchemaOf(outputsSchema)), []);
  });

  it("show an example that is right, for the program and for editors", () => {
    const file = parse(read("scripts/example-stack.yaml")) as { config: Config };
    assert.ok(read("docs/configuration.md").includes(read("scripts/example-stack.yaml").trim()));
    const ajv = new Ajv2020({ strict: true, keywords: ["errorMessage"] });
    addFormats.default(ajv);
    assert.ok(ajv.validate(stackSchema(), file), JSON.stringify(ajv.errors));
    const config = Object.fromEntries(
      Object.entries(file.config).map(([key, value]) => [key.replace(`${PROJECT}:`, ""), value]),
    );
    assert.deepEqual(problemLines({ ...config, secrets: { SECRET_KEY: "decrypted" } }), []);
  });

  it("are made for the project of Pulumi.yaml", () => {
    assert.equal((parse(read("Pulumi.yaml")) as { name: string }).name, PROJECT);
  });

  it("are what the shipped stacks keep to", () => {
    const ajv = new Ajv2020({ strict: true, keywords: ["errorMessage"] });
    addFormats.default(ajv);
    const validate = ajv.compile(stackSchema());
    for (const name of SHIPPED) {
      const text = read(name);
      assert.ok(validate(parse(text)), `${name}: ${JSON.stringify(validate.errors)}`);
      assert.match(
        text,
        /^# yaml-language-server: \$schema=(\.\.\/\.\.\/)?schemas\/generated\/stack\.schema\.json\n/,
        name,
      );
    }
  });
});
