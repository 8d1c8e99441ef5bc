/** JSON Schemas of the API server's own kinds and of its CustomResourceDefinitions, as it publishes them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../../../cli/render/manifests.ts";
import { kubectl } from "../../../toolchain/cluster/kubectl.ts";

interface Schema {
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
  "x-kubernetes-preserve-unknown-fields"?: boolean;
}

interface Api {
  components?: { schemas: Record<string, Schema> };
}

/** Writes those of every API version in use into a folder; returns the place as kubeconform wants it. */
export async function schemasOf(objects: readonly Manifest[], folder: string): Promise<string> {
  for (const version of new Set(objects.map(({ apiVersion }) => apiVersion))) {
    const { components } = await published(version);
    const schemas = components?.schemas ?? {};
    for (const schema of Object.values(schemas)) closed(schema);
    for (const [name, schema] of Object.entries(schemas))
      for (const { group, version: of, kind } of schema["x-kubernetes-group-version-kind"] ?? []) {
        // kubeconform takes the version for the group where there is none.
        const path = join(folder, group || of, of);
        mkdirSync(path, { recursive: true });
        const whole = { $ref: `#/components/schemas/${name}`, components };
        writeFileSync(join(path, `${kind.toLowerCase()}.json`), JSON.stringify(whole));
      }
  }
  return join(folder, "{{.Group}}", "{{.ResourceAPIVersion}}", "{{.ResourceKind}}.json");
}

async function published(apiVersion: string): Promise<Api> {
  const path = apiVersion.includes("/") ? `apis/${apiVersion}` : `api/${apiVersion}`;
  const { failed, stdout } = await kubectl(["get", "--raw", `/openapi/v3/${path}`]);
  // Of a version that it does not serve there is none, and kubeconform says so of each of its objects.
  return failed ? {} : (JSON.parse(stdout) as Api);
}

/** The server ignores, or prunes, what it does not know: here it is a mistake. */
function closed(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(closed);
  if (typeof value !== "object" || value === null) return;
  const schema = value as Schema;
  const open = schema.additionalProperties !== undefined || schema["x-kubernetes-preserve-unknown-fields"];
  if (typeof schema.properties === "object" && !open) schema.additionalProperties = false;
  Object.values(value).forEach(closed);
}
