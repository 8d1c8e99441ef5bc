/** The files that are generated from the code, and whether they are what the code says. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configurationPage } from "./configuration-page.ts";
import {
  accountOutputsJsonSchema,
  clusterOutputsJsonSchema,
  hostOutputsJsonSchema,
  outputsJsonSchema,
  outputsPage,
} from "./outputs-page.ts";
import { stackSchema } from "./stack-schema.ts";

const ROOT = join(import.meta.dirname, "..");

const files: Readonly<Record<string, () => string>> = {
  "schemas/generated/stack.schema.json": () => json(stackSchema()),
  "schemas/generated/outputs.schema.json": () => json(outputsJsonSchema()),
  "schemas/generated/host-outputs.schema.json": () => json(hostOutputsJsonSchema()),
  "schemas/generated/cluster-outputs.schema.json": () => json(clusterOutputsJsonSchema()),
  "schemas/generated/account-outputs.schema.json": () => json(accountOutputsJsonSchema()),
  "docs/configuration.md": configurationPage,
  "docs/outputs.md": outputsPage,
};

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Writes all of them. @returns their names. */
export function writeGenerated(): string[] {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(ROOT, name)), { recursive: true });
    writeFileSync(join(ROOT, name), text());
  }
  return Object.keys(files);
}

/** Names of those that are missing or old. */
export function staleFiles(): string[] {
  return Object.entries(files)
    .filter(
      ([name, text]) => !existsSync(join(ROOT, name)) || readFileSync(join(ROOT, name), "utf8") !== text(),
    )
    .map(([name]) => name);
}
