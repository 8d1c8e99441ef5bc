/** The projects that the startup bench previews: one program, in the ways that a Pulumi project can run TypeScript. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Variant {
  readonly key: "ours" | "template" | "template-again" | "transpile-only";
  readonly title: string;
  /** Text by path in the project's folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether ts-node finds what it compiled in the run before. @default false */
  readonly keepsCache?: boolean;
}

/** Without a resource: what is measured is the start of a program. What it imports is used, or TypeScript would drop it. */
const PROGRAM = `import * as aws from "@pulumi/aws";
import * as docker from "@pulumi/docker";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const used = [aws.ec2.Vpc, docker.Container, kubernetes.apps, pulumi.Config, random.RandomPassword];
export default { importedSdks: used.filter((one) => one !== undefined).length };
`;

/** What a preview of PROGRAM prints once all five packages were really loaded. */
export const PROOF = /importedSdks\s*:\s*5\b/;

const json = (value: unknown) => `${JSON.stringify(value, null, 4)}\n`;

/** As this repository's own Pulumi.yaml and main.js. */
const ours = {
  "Pulumi.yaml": `name: bench-ours
runtime:
  name: nodejs
  options:
    typescript: false
    nodeargs: --require=./cli/preload.cjs
main: main.js
`,
  "cli/preload.cjs": readFileSync(join(import.meta.dirname, "../cli/preload.cjs"), "utf8"),
  "package.json": json({ name: "bench-ours", type: "module", main: "main.js" }),
  "main.js": readFileSync(join(import.meta.dirname, "../main.js"), "utf8"),
  "index.ts": PROGRAM,
};

/** As `pulumi new typescript` writes it; no ts-node in it, so that Pulumi uses the one it carries along. */
const template = {
  "Pulumi.yaml": `name: bench-template
description: A minimal TypeScript Pulumi program
runtime: nodejs
`,
  "package.json": json({
    name: "bench-template",
    main: "index.ts",
    devDependencies: { "@types/node": "^18", typescript: "^5.0.0" },
    dependencies: { "@pulumi/pulumi": "^3.113.0" },
  }),
  "tsconfig.json": json({
    compilerOptions: {
      strict: true,
      outDir: "bin",
      target: "es2020",
      module: "nodenext",
      moduleResolution: "nodenext",
      sourceMap: true,
      experimentalDecorators: true,
      pretty: true,
      noFallthroughCasesInSwitch: true,
      noImplicitReturns: true,
      forceConsistentCasingInFileNames: true,
    },
    files: ["index.ts"],
  }),
  "index.ts": PROGRAM,
};

export const VARIANTS: readonly Variant[] = [
  { key: "ours", title: "Node strips types (this repository)", files: ours },
  { key: "template", title: "Pulumi's template (ts-node, type checking)", files: template },
  {
    key: "transpile-only",
    title: "Pulumi's template, transpile-only",
    files: {
      ...template,
      "Pulumi.yaml": template["Pulumi.yaml"].replace("bench-template", "bench-transpile-only"),
    },
    env: { PULUMI_NODEJS_TRANSPILE_ONLY: "true" },
  },
  {
    key: "template-again",
    title: "Pulumi's template, program unchanged since the last run",
    files: {
      ...template,
      "Pulumi.yaml": template["Pulumi.yaml"].replace("bench-template", "bench-template-again"),
    },
    keepsCache: true,
  },
];

/** Puts the files of one into a folder that is there. */
export function writeProject(folder: string, files: Variant["files"]): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
