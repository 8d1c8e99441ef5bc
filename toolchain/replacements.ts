/**
 * `npm run replacements`: writes down which properties make their resource anew when they change, for `tristack plan`,
 * which runs without plugins. Schemas tell it of some providers only (Kubernetes' says nothing, nor do those parts of AWS
 * that are made with Terraform's newer SDK), so the plugins themselves are asked: each property of each resource
 * that a component makes is changed, and the plugin says what it would do. Nothing is made, and nothing is reached.
 * With `--check` nothing is written, and the exit code says whether the table is what the plugins say. `--only aws` asks
 * that plugin alone.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { REPLACEMENTS_FILE, type ReplacementTable } from "../cli/plan/replacement-table.ts";
import { messageOf } from "../cli/errors.ts";
import { type Shapes, packageShapes } from "./package-shapes.ts";
import { TARGETS, type Tool, toolsFor } from "./pins.ts";
import { type PluginProcess, startPlugin } from "./plugin-process.ts";
import { type Unclear, replacingProperties } from "./replacing-properties.ts";
import { PACKAGES, type Package, usedTypes } from "./used-types.ts";

const COMPONENTS = join(import.meta.dirname, "..", "components");

/** What each plugin wants before it answers. None of it is used: nobody is asked but the plugin. */
const SETTINGS: Readonly<Record<Package, { config?: Record<string, string>; env?: Record<string, string> }>> =
  {
    aws: {
      config: {
        region: "eu-central-1",
        skipCredentialsValidation: "true",
        skipRequestingAccountId: "true",
        skipMetadataApiCheck: "true",
      },
      env: { AWS_ACCESS_KEY_ID: "none", AWS_SECRET_ACCESS_KEY: "none" },
    },
    docker: {},
    kubernetes: { env: { KUBECONFIG: join(import.meta.dirname, "..", "cli", "render", "kubeconfig.yaml") } },
    random: {},
  };

/** Stands for all kinds that are in no package. */
const OTHER_KIND = "kubernetes:example.com/v1:Other";
const SECRET = "kubernetes:core/v1:Secret";
const ANY_OBJECT: Shapes = {
  metadata: {
    type: "object",
    properties: {
      name: { type: "string" },
      namespace: { type: "string" },
      labels: { type: "map of string" },
    },
  },
  spec: { type: "map of string" },
};

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [...PACKAGES] },
    verbose: { type: "boolean", default: false },
  },
});

const unclear: Unclear[] = [];
const used = await usedTypes(COMPONENTS);
const known = JSON.parse(readFileSync(REPLACEMENTS_FILE, "utf8")) as ReplacementTable;
const table: ReplacementTable = { versions: {}, replacedBy: {} };
for (const name of PACKAGES) {
  const asked = options.only.includes(name);
  const tool = toolOf(name);
  table.versions[name] = asked ? tool.version : (known.versions[name] ?? "");
  const types = asked ? await ask(name, tool) : ofPackage(known, name);
  for (const [type, paths] of types) table.replacedBy[type] = paths;
}

const text = `${JSON.stringify(table, null, 2)}\n`;
if (options.verbose) for (const { type, path, why } of unclear) console.log(`${type}: ${path}: ${why}`);
console.log(
  `${unclear.length} properties that no plugin said anything about count as not replacing (--verbose names them)`,
);
if (!options.check) {
  writeFileSync(REPLACEMENTS_FILE, text);
  console.log(`wrote ${REPLACEMENTS_FILE}: ${Object.keys(table.replacedBy).length} types`);
} else if (text !== readFileSync(REPLACEMENTS_FILE, "utf8")) {
  console.error(`${REPLACEMENTS_FILE} is not what the plugins say; needs: npm run replacements`);
  process.exitCode = 1;
}

function toolOf(name: Package): Tool {
  const tool = TARGETS.flatMap(toolsFor).find((one) => one.name === `pulumi-resource-${name}`);
  if (!tool) throw new Error(`no target has a plugin ${name}`);
  return tool;
}

function ofPackage({ replacedBy }: ReplacementTable, name: Package): [string, string[]][] {
  return Object.entries(replacedBy).filter(([type]) => type.startsWith(`${name}:`));
}

async function ask(name: Package, tool: Tool): Promise<[string, string[]][]> {
  const { config, env } = SETTINGS[name];
  const plugin = await startPlugin(tool, config, env).catch((error: unknown) => {
    throw new Error(`${tool.name}: ${messageOf(error)}; needs: npm run toolchain`);
  });
  try {
    return await ofTypes(plugin, name);
  } finally {
    plugin.stop();
  }
}

async function ofTypes(plugin: PluginProcess, name: Package): Promise<[string, string[]][]> {
  const { resources } = packageShapes(name, (token) => used[name].includes(token));
  const found: [string, string[]][] = [];
  for (const type of used[name]) {
    const paths = await replacingProperties(plugin, type, resources.get(type)?.inputs ?? {}, unclear);
    // Another way to write `data`, which is all that the plugin compares.
    found.push([type, type === SECRET ? [...paths, "stringData"].sort() : paths]);
  }
  if (name === "kubernetes")
    found.push([`${name}:`, await replacingProperties(plugin, OTHER_KIND, ANY_OBJECT, unclear)]);
  return found;
}
