/** The resource types that the components make, read from their source. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** Packages of the providers that are used. */
export const PACKAGES = ["aws", "docker", "kubernetes", "random"] as const;
export type Package = (typeof PACKAGES)[number];

/** Of kinds that Kubernetes' own packages do not know: the type is in the arguments. */
const ANY_KIND = "apiextensions.CustomResource";

/** What of AWS' package the components load. */
const AWS_PART = join("components", "aws", "sdk.ts");

/** Type tokens by package, sorted. */
export async function usedTypes(folder: string): Promise<Record<Package, string[]>> {
  const classes = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => classesIn(join(folder, file)));
  const found = PACKAGES.map(async (name) => {
    const sdk = (await import(`@pulumi/${name}`)) as object;
    const own = new Set(classes.flatMap((one) => (one.package === name ? [one.path] : [])));
    return [name, [...own].flatMap((path) => tokenOf(sdk, path)).sort()] as const;
  });
  return Object.fromEntries(await Promise.all(found)) as Record<Package, string[]>;
}

function tokenOf(sdk: object, path: string): string[] {
  if (path === ANY_KIND || path === "Provider") return [];
  const made = path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], sdk);
  return [(made as { __pulumiType: string }).__pulumiType];
}

interface MadeClass {
  readonly package: string;
  /** Within the package, such as `rds.Instance`. */
  readonly path: string;
}

/** Every `new` of a class that comes from one of the packages. */
function classesIn(file: string): MadeClass[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  const names = importsOf(source);
  const found: MadeClass[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node)) {
      const [first = "", ...rest] = node.expression.getText(source).split(".");
      const imported = names.get(first);
      if (imported) found.push({ package: imported.package, path: [...imported.path, ...rest].join(".") });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What the names of the packages' imports stand for in one file. */
function importsOf(source: ts.SourceFile): Map<string, { package: string; path: string[] }> {
  const names = new Map<string, { package: string; path: string[] }>();
  for (const one of source.statements.filter(ts.isImportDeclaration)) {
    const from = ts.isStringLiteral(one.moduleSpecifier) ? one.moduleSpecifier.text : "";
    const isAws = join(dirname(source.fileName), from).endsWith(AWS_PART);
    const name = isAws ? "aws" : PACKAGES.find((known) => from === `@pulumi/${known}`);
    const bindings = one.importClause?.namedBindings;
    if (name === undefined || bindings === undefined) continue;
    if (ts.isNamespaceImport(bindings)) names.set(bindings.name.text, { package: name, path: [] });
    else
      for (const { name: local, propertyName } of bindings.elements)
        names.set(local.text, { package: name, path: [(propertyName ?? local).text] });
  }
  return names;
}
