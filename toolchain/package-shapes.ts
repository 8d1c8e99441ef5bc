/** Reads from a Pulumi package's type declarations which resources it has, and which properties those have. */
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";

export interface Shape {
  /** string, number, boolean, object, array of X, map of X. */
  readonly type: string;
  readonly required?: boolean;
  /** A program may set it. */
  readonly input?: boolean;
  readonly secret?: boolean;
  /** Of an object, or of the objects in an array. */
  readonly properties?: Shapes;
}

export type Shapes = Readonly<Record<string, Shape>>;

export interface PackageShapes {
  /** By type token. */
  readonly resources: Map<string, { inputs: Shapes; outputs: Shapes }>;
  readonly provider: Shapes;
}

/** @param wanted which resources, by type token; the AWS package has a thousand */
export function packageShapes(name: string, wanted: (token: string) => boolean = () => true): PackageShapes {
  const folder = dirname(createRequire(import.meta.url).resolve(`@pulumi/${name}/package.json`));
  const nested = {
    input: interfaces(folder, "types/input.d.ts"),
    output: interfaces(folder, "types/output.d.ts"),
  };
  const resources: PackageShapes["resources"] = new Map();
  for (const file of resourceFiles(folder)) {
    const code = readFileSync(join(folder, file), "utf8");
    const token = /__pulumiType = '([^']+)'/.exec(code)?.[1];
    if (!token?.includes("/") || !wanted(token)) continue;
    const parsed = parse(folder, file.replace(/\.js$/, ".d.ts"));
    const className = token.split(":")[2] ?? "";
    const secrets = new Set(/additionalSecretOutputs: \[([^\]]*)\]/.exec(code)?.[1]?.match(/\w+/g));
    const outputs = shapesOf(classOf(parsed, className), nested.output);
    resources.set(token, {
      inputs: shapesOf(interfaceOf(parsed, `${className}Args`), nested.input),
      outputs: mapShapes(outputs, (key, shape) => having(shape, { secret: secrets.has(key) })),
    });
  }
  const provider = shapesOf(interfaceOf(parse(folder, "provider.d.ts"), "ProviderArgs"), nested.input);
  return { resources, provider };
}

/** Files of one resource or function each: at the top, or in folders by module. */
function resourceFiles(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.filter(
    (one) => /^([a-z0-9.]+\/){0,2}[a-z]\w*\.js$/.test(one) && !/^(types|config|node_modules)\//.test(one),
  );
}

type Members = readonly (ts.PropertySignature | ts.PropertyDeclaration)[];
type Interfaces = Map<string, Members>;

function parse(folder: string, file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(folder, file), "utf8"), ts.ScriptTarget.Latest, true);
}

function interfaces(folder: string, file: string): Interfaces {
  let source: ts.SourceFile;
  try {
    source = parse(folder, file);
  } catch {
    return new Map(); // a package without nested types
  }
  const found: Interfaces = new Map();
  collect(source.statements, "", found);
  return found;
}

/** Interfaces by name, those of a module as `ec2.InstanceRootBlockDevice`. */
function collect(statements: readonly ts.Statement[], path: string, found: Interfaces): void {
  for (const one of statements) {
    if (ts.isInterfaceDeclaration(one)) found.set(path + one.name.text, signatures(one));
    if (ts.isModuleDeclaration(one) && one.body && ts.isModuleBlock(one.body))
      collect(one.body.statements, `${path}${one.name.text}.`, found);
  }
}

function signatures(declaration: ts.InterfaceDeclaration): Members {
  return declaration.members.filter(ts.isPropertySignature);
}

function interfaceOf(source: ts.SourceFile, name: string): Members {
  const found = source.statements.filter(ts.isInterfaceDeclaration).find((one) => one.name.text === name);
  if (!found) throw new Error(`${source.fileName}: no interface ${name}`);
  return signatures(found);
}

/** The outputs of a resource: its fields that are no methods. */
function classOf(source: ts.SourceFile, name: string): Members {
  const found = source.statements.filter(ts.isClassDeclaration).find((one) => one.name?.text === name);
  if (!found) throw new Error(`${source.fileName}: no class ${name}`);
  return found.members.filter(ts.isPropertyDeclaration);
}

function shapesOf(members: Members, nested: Interfaces): Shapes {
  return Object.fromEntries(
    members.map((member) => {
      const shape = shapeOf(plain(member.type), nested);
      const optional = member.questionToken !== undefined;
      return [member.name.getText(), having(shape, { input: true, required: !optional })];
    }),
  );
}

/** A type without the wrappers that only say how its value may be given. */
function plain(type: ts.TypeNode | undefined): ts.TypeNode {
  if (type === undefined) throw new Error("a property without a type");
  if (ts.isParenthesizedTypeNode(type)) return plain(type.type);
  if (ts.isUnionTypeNode(type)) {
    const rest = type.types.filter((one) => one.kind !== ts.SyntaxKind.UndefinedKeyword);
    if (rest[0] && rest.length === 1) return plain(rest[0]);
  }
  if (ts.isTypeReferenceNode(type) && /^pulumi\.(Input|Output)$/.test(type.typeName.getText())) {
    return plain(type.typeArguments?.[0]);
  }
  return type;
}

function shapeOf(type: ts.TypeNode, nested: Interfaces): Pick<Shape, "type" | "properties"> {
  if (ts.isArrayTypeNode(type)) {
    const element = shapeOf(plain(type.elementType), nested);
    return having(element, { type: `array of ${element.type}` });
  }
  if (ts.isTypeLiteralNode(type)) {
    const signature = type.members.find(ts.isIndexSignatureDeclaration);
    if (signature) return { type: `map of ${shapeOf(plain(signature.type), nested).type}` };
  }
  if (ts.isTypeReferenceNode(type) && ts.isQualifiedName(type.typeName)) {
    const members = nested.get(type.typeName.getText().replace(/^\w+\./, ""));
    // Looked up when asked for: some objects may be within themselves.
    if (members)
      return {
        type: "object",
        get properties() {
          return shapesOf(members, nested);
        },
      };
  }
  // Known values, and other forms in which a text may be given.
  if (ts.isUnionTypeNode(type) && type.types.some((one) => one.kind === ts.SyntaxKind.StringKeyword))
    return { type: "string" };
  if (/^(enums\.[\w.]+|ARN|aws\.\w+|Region)$/.test(type.getText())) return { type: "string" };
  return { type: type.getText() };
}

/** A shape that is also this; what is in it is not looked up for that. */
function having<S extends Pick<Shape, "type">>(shape: S, more: Partial<Shape>): S {
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(shape),
      ...Object.getOwnPropertyDescriptors(more),
    },
  ) as S;
}

function mapShapes(shapes: Shapes, change: (key: string, shape: Shape) => Shape): Shapes {
  return Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [key, change(key, shape)]));
}
