/** `tristack render`: stacks as Kustomize files, for those who let `kubectl apply -k` or Argo CD apply them. */
import { resolve } from "node:path";
import { Argument, Command, InvalidArgumentError } from "commander";
import { failed } from "../errors.ts";
import { jsonOption, parseStack } from "../options.ts";
import { print, printJson, table } from "../output.ts";
import { createProgress } from "../progress.ts";
import { readProject } from "../project.ts";
import { type Changes, apply, changesOf } from "../render/folder.ts";
import { kustomize } from "../render/kustomize.ts";
import { type RenderedStack, type Versions, renderStack, stacksOf } from "../render/stacks.ts";

interface Options {
  output: string;
  settings?: string;
  version?: Versions;
  check?: boolean;
  json?: boolean;
}

const EXAMPLES = `
No cluster, credentials or Pulumi are needed, and no secret is written: pods name the Secrets that they expect, and the
result lists them (docs/kubernetes.md).

Examples:
  tristack render --version v1.0.0
  tristack render --version v1.0.0 --check
  tristack render staging production --version v1.1.0 --version production=v1.0.0
  tristack render --settings examples/kubernetes --output manifests && kubectl apply -k manifests/overlays/staging
`;

export function renderCommand(): Command {
  return new Command("render")
    .description("write Kubernetes stacks as a Kustomize base, and an overlay for each")
    .addArgument(
      new Argument("[stacks...]", "stacks of the target kubernetes (default: all)").argParser(
        (value, previous: string[] | undefined) => [...(previous ?? []), parseStack(value)],
      ),
    )
    .option("--output <folder>", "where they go; nothing else may be in it", "kubernetes")
    .option("--settings <folder>", "where Pulumi.<stack>.yaml is (default: this project)")
    .option(
      "--version <[stack=]version>",
      "version of the images; for all only where the settings name none; may be repeated",
      addVersion,
    )
    .option("--check", "write nothing; exit code 1 where the folder is not what would be written")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(render);
}

function addVersion(value: string, others: Versions = new Map()): Versions {
  const [, stack = "", version] = /^(?:([^=]+)=)?([^=]+)$/.exec(value) ?? [];
  if (version === undefined) throw new InvalidArgumentError("needs v1.0.0, or production=v1.0.0");
  return new Map([...others, [stack, version]]);
}

async function render(named: string[], options: Options): Promise<void> {
  const project = readProject();
  const settings = { ...project, root: resolve(options.settings ?? project.root) };
  const stacks = await stacksOf(settings, named, options.version ?? new Map());
  const rendered = await createProgress().step("Running the program", () =>
    Promise.all(stacks.map((stack) => renderStack(settings, stack))),
  );
  const folder = resolve(options.output);
  const files = kustomize(rendered);
  const changes = changesOf(folder, files);
  if (!options.check) apply(folder, files, changes);
  if (options.json) printJson({ folder, ...changes, stacks: rendered.map(summaryOf) });
  else report(folder, changes, rendered, Boolean(options.check));
  if (options.check && changes.written.length + changes.removed.length > 0)
    throw failed(`${folder} is not what the settings say; without --check it is written`);
}

function summaryOf({ stack, namespace, objects, secrets }: RenderedStack) {
  return { stack, namespace, overlay: `overlays/${stack}`, objects: objects.length, secrets };
}

function report(folder: string, changes: Changes, stacks: readonly RenderedStack[], check: boolean): void {
  const { written, removed } = changes;
  if (check) for (const path of [...written, ...removed]) print(`differs: ${path}`);
  else print(`${folder}: ${written.length} files written, ${removed.length} removed`);
  for (const { stack, namespace, objects, secrets } of stacks) {
    print(
      `\noverlays/${stack}: ${objects.length} objects. Secrets that its pods expect in the namespace ${namespace}:`,
    );
    print(table(secrets.map(({ name, keys }) => [`  ${name}`, keys.join(", ")])));
  }
}
