/** The form of Vercel's SDK for Pulumi, read from the package itself: what test/support/vercel-sdk.json is a record of. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface ResourceForm {
  /** Type token. */
  readonly type: string;
  /** Inputs that it takes; of objects their keys. */
  readonly inputs: Readonly<Record<string, readonly string[] | null>>;
  readonly required: readonly string[];
  /** Inputs that it makes secrets. */
  readonly secrets: readonly string[];
}

export interface SdkForm {
  readonly version: string;
  readonly resources: Readonly<Record<string, ResourceForm>>;
  readonly functions: Readonly<
    Record<string, { readonly token: string; readonly results: readonly string[] }>
  >;
}

const RESOURCES = ["Project", "ProjectDomain", "ProjectEnvironmentVariable", "ProjectRoute", "Provider"];
const FUNCTIONS = ["getDomainConfig"];

/** @param folder of the package */
export function formOf(folder: string): SdkForm {
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const nested = read("types/input.d.ts");
  const { version } = JSON.parse(read("package.json")) as { version: string };
  return {
    version,
    resources: Object.fromEntries(
      RESOURCES.map((name) => {
        const file = name[0]?.toLowerCase() + name.slice(1);
        return [name, resourceForm(name, read(`${file}.js`), read(`${file}.d.ts`), nested)];
      }),
    ),
    functions: Object.fromEntries(
      FUNCTIONS.map((name) => {
        const [, token = ""] = /invoke\("([^"]+)"/.exec(read(`${name}.js`)) ?? [];
        const results = membersOf(read(`${name}.d.ts`), `${name[0]?.toUpperCase()}${name.slice(1)}Result`);
        return [name, { token, results: results.map(({ key }) => key) }];
      }),
    ),
  };
}

function resourceForm(name: string, code: string, types: string, nested: string): ResourceForm {
  const members = membersOf(types, `${name}Args`);
  const [, type = ""] = /__pulumiType = '([^']+)'/.exec(code) ?? [];
  return {
    type,
    inputs: Object.fromEntries(
      members.map(({ key, type: of }) => {
        const [, object] = /inputs\.(\w+)>$/.exec(of) ?? [];
        return [key, object === undefined ? null : membersOf(nested, object).map((one) => one.key)];
      }),
    ),
    required: members.filter(({ optional }) => !optional).map(({ key }) => key),
    secrets: members.map(({ key }) => key).filter((key) => code.includes(`pulumi.secret(args.${key})`)),
  };
}

/** Properties of an interface in generated declarations. */
function membersOf(declarations: string, name: string) {
  const [, body] = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(declarations) ?? [];
  if (body === undefined) throw new Error(`no interface of the name ${name}`);
  return [...body.matchAll(/^ {4}(?:readonly )?(\w+)(\??): (.+);$/gm)].map(
    ([, key = "", mark, type = ""]) => ({
      key,
      optional: mark === "?",
      type,
    }),
  );
}
