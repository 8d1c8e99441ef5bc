/**
 * The resources of a stack, written as Pulumi's examples write them: one index.ts that imports the whole SDK and makes each
 * resource with its values, without components. With the state in which that program has nothing to change.
 */
import { objectOf } from "../cli/stack-settings.ts";
import type { Config } from "../test/support/settings.ts";
import { withRules } from "../test/support/web-acl-rules.ts";

/** One resource, as `pulumi stack export --show-secrets` has it. */
export interface Exported {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly id?: string;
  readonly external?: boolean;
  readonly protect?: boolean;
  readonly provider?: string;
  readonly inputs?: Config;
  readonly ignoreChanges?: readonly string[];
}

export interface ExportedState {
  readonly version: number;
  readonly deployment: Config & { readonly resources: readonly Exported[] };
}

/** What marks a value as a special one in a state, and the two that are met here. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";

/** Imported at their roots; those that are not used would be dropped by TypeScript. */
const PACKAGES = ["aws", "random"];

/** Those that a provider makes. Components are left out, and what is only read: lookups, and references to other stacks. */
function made({ deployment }: ExportedState): Exported[] {
  return deployment.resources.filter(
    ({ custom, external, type }) => custom && !external && PACKAGES.includes(packageOf(type)),
  );
}

/** @returns the text of index.ts */
export function plainProgram(state: ExportedState): string {
  // A default provider is the engine's own.
  const all = made(state).filter((one) => !/^default(_|$)/.test(nameOf(one)));
  const providers = all.filter(({ type }) => type.startsWith("pulumi:providers:"));
  const variables = new Map(
    providers.map((one, index) => [`${one.urn}::${one.id ?? ""}`, `provider${index}`]),
  );
  const used = PACKAGES.filter((name) => all.some(({ type }) => packageOf(type) === name));
  const imports = used.map((name) => `import * as ${name} from "@pulumi/${name}";`);
  const statements = all.map((one) => {
    const variable = variables.get(`${one.urn}::${one.id ?? ""}`);
    const options = Object.entries({
      provider: variables.get(one.provider ?? ""),
      protect: one.protect ? "true" : undefined,
      ignoreChanges: one.ignoreChanges && JSON.stringify(one.ignoreChanges),
    }).filter(([, value]) => value !== undefined);
    const args = [
      JSON.stringify(nameOf(one)),
      literal(variable ? providerInputs(one.inputs) : withRules(one.inputs ?? {}), "    "),
      `{ ${options.map(([key, value]) => `${key}: ${String(value)}`).join(", ")} }`,
    ];
    return `${variable ? `const ${variable} = ` : ""}new ${classOf(one.type)}(${args.join(", ")});`;
  });
  return [`import * as pulumi from "@pulumi/pulumi";`, ...imports, "", ...statements, ""].join("\n");
}

/** The same resources with the URNs that they have in the plain program. */
export function plainState(state: ExportedState, project: string): ExportedState {
  const [stack = ""] = /^urn:pulumi:[^:]+/.exec(state.deployment.resources[0]?.urn ?? "") ?? [];
  const urnOf = ({ type, urn }: { type: string; urn: string }) =>
    `${stack}::${project}::${type}::${nameOf({ urn })}`;
  const root = {
    urn: `${stack}::${project}::pulumi:pulumi:Stack::${project}-${stack.split(":").at(-1) ?? ""}`,
    type: "pulumi:pulumi:Stack",
    custom: false,
  };
  const moved = made(state).map((one) => {
    const [urn, id] = splitProvider(one.provider);
    const provider = state.deployment.resources.find((other) => other.urn === urn);
    return {
      ...one,
      urn: urnOf(one),
      parent: root.urn,
      provider: provider && `${urnOf(provider)}::${id}`,
      dependencies: [],
      propertyDependencies: {},
    };
  });
  return {
    ...state,
    deployment: { ...state.deployment, resources: [root, ...moved], pending_operations: [] },
  };
}

/** A reference to a provider is its URN and its id. */
function splitProvider(reference = ""): [urn: string, id: string] {
  const at = reference.lastIndexOf("::");
  return [reference.slice(0, at), reference.slice(at + 2)];
}

function nameOf({ urn }: { urn: string }): string {
  return urn.split("::").slice(3).join("::");
}

/** Such as aws:s3/bucket:Bucket, or pulumi:providers:aws. */
function packageOf(type: string): string {
  const [first = "", middle, last = ""] = type.split(":");
  return middle === "providers" ? last : first;
}

function classOf(type: string): string {
  const [first, middle = "", last = ""] = type.split(":");
  if (first === "pulumi") return `${last}.Provider`;
  const [module = ""] = middle.split("/");
  return [first, ...(module === "index" ? [] : [module]), last].join(".");
}

/** What a provider is told is kept as text. */
function providerInputs(inputs: Config = {}): Config {
  const given = Object.entries(inputs).filter(([key]) => key !== "version" && !key.startsWith("__"));
  const isText = (value: unknown) => typeof value === "string" && /^[[{]|^(true|false)$/.test(value);
  return Object.fromEntries(
    given.map(([key, value]) => [key, isText(value) ? (JSON.parse(String(value)) as unknown) : value]),
  );
}

/** A value as TypeScript, without what the provider itself has filled in. */
function literal(value: unknown, indent: string): string {
  if (Array.isArray(value)) return `[${value.map((one) => literal(one, indent)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const known = objectOf(value);
  if (known[SIGNATURE] === SECRET)
    return `pulumi.secret(${literal(JSON.parse(String(known.plaintext)), indent)})`;
  if (known[SIGNATURE] === ASSET) return `new pulumi.asset.FileAsset(${JSON.stringify(known.path)})`;
  if (known[SIGNATURE] === ARCHIVE) return `new pulumi.asset.AssetArchive(${literal(known.assets, indent)})`;
  const own = new Set((known.__defaults as string[] | undefined) ?? []);
  const entries = Object.entries(known).filter(([key]) => key !== "__defaults" && !own.has(key));
  const inner = `${indent}    `;
  const lines = entries.map(([key, one]) => `${inner}${JSON.stringify(key)}: ${literal(one, inner)},`);
  return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n${indent}}`;
}
