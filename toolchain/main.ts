/** `npm run toolchain`: gets everything that a stack needs beside npm's packages onto this machine. */
import { Command, Option } from "commander";
import { paint, print, printJson, table } from "../cli/output.ts";
import { badInput } from "../cli/errors.ts";
import { createProgress } from "../cli/progress.ts";
import { readProject, readStackFile } from "../cli/project.ts";
import { endWith } from "./command-end.ts";
import { paced } from "./command.ts";
import { ensureDocker } from "./docker.ts";
import { ensureBaseImages } from "./images.ts";
import { type ToolchainReport, inspectToolchain } from "./inspect.ts";
import { TARGETS, type Target, targetFor } from "./pins.ts";
import { ensurePulumi } from "./pulumi.ts";

interface Options {
  readonly target: Target;
  readonly stack?: string;
  readonly json: boolean;
  readonly check: boolean;
  readonly docker: boolean;
  readonly images: boolean;
}

const EXAMPLES = `
Examples:
  npm run toolchain                  everything: Pulumi, Docker, base images
  npm run toolchain -- --check       only say what is there; exit code 1 if anything is missing
  npm run toolchain -- --no-docker   Pulumi alone, for a stack on another machine's Docker
  npm run toolchain -- --no-docker --stack production
  npm run --silent toolchain -- --json`;

const command = new Command("npm run toolchain --")
  .description(
    "Gets Pulumi's CLI, its plugins, Docker and the base images onto this machine, where they are missing.",
  )
  .addOption(
    new Option("--target <target>", "where the stack runs; decides which plugins are needed")
      .choices(TARGETS)
      .default("vps"),
  )
  .addOption(
    new Option("--stack <stack>", "in place of --target: that of this stack's settings").conflicts("target"),
  )
  .option("--check", "change nothing, only report", false)
  .option("--no-docker", "leave Docker and the images alone")
  .option("--no-images", "leave the images alone")
  .option("--json", "report as JSON", false)
  .addHelpText("after", EXAMPLES)
  .exitOverride()
  .showHelpAfterError("(--help says what there is)");

try {
  command.parse();
  process.exitCode = await main(command.opts<Options>());
} catch (error) {
  endWith(error, process.env["DEBUG"] !== undefined);
}

async function main({ stack, ...rest }: Options): Promise<number> {
  return prepare(stack === undefined ? rest : { ...rest, target: targetOf(stack) });
}

function targetOf(stack: string): Target {
  const file = readStackFile(readProject(), stack);
  if (!file) throw badInput(`--stack: there is no Pulumi.${stack}.yaml; needs a stack that has settings`);
  return targetFor(file.config.target);
}

async function prepare(options: Options): Promise<number> {
  if (!options.check) await ensure(options);
  const { tools, ...rest } = await inspectToolchain(options.target);
  const report = { tools, ...(options.docker ? rest : {}) };
  if (options.json) printJson(report);
  else show(report);
  return isComplete(report, options) ? 0 : 1;
}

async function ensure({ target, docker, images }: Options): Promise<void> {
  const progress = createProgress();
  await progress.step("Pulumi, its language host and plugins", (log) => ensurePulumi({ target, log }));
  if (!docker) return;
  await progress.step("Docker", (log) => ensureDocker({ log: paced(log) }));
  if (images) await progress.step("base images", (log) => ensureBaseImages({ log: paced(log) }));
}

function isComplete({ tools, docker, images }: ToolchainReport, options: Options): boolean {
  const toolsThere = tools.every((tool) => tool.origin !== "missing" && tool.current);
  const dockerThere = !options.docker || docker?.origin !== "missing";
  const missing = Object.values(images ?? {}).some((image) => image.origin === "missing");
  return (
    toolsThere && dockerThere && (!options.docker || !options.images || (images !== undefined && !missing))
  );
}

function show({ tools, docker, images }: ToolchainReport): void {
  const rows = tools.map((tool) => {
    const origin = tool.builtFrom ? `${tool.origin}: ${tool.builtFrom}` : tool.origin;
    return [
      tool.name,
      tool.version,
      marked(tool.current ? origin : `${origin}, not of this checkout's pins`, tool.current),
    ];
  });
  if (docker) {
    const text = docker.problem ?? `${docker.platform} at ${docker.host} (context ${docker.context})`;
    rows.push(["Docker Engine", docker.version ?? "-", marked(text, docker.problem === undefined)]);
  }
  for (const [name, image] of Object.entries(images ?? {})) {
    const origin = image.origin === "built" ? `built, in place of ${image.official}` : image.origin;
    rows.push([`image ${name}`, image.reference, marked(origin, image.origin !== "missing")]);
  }
  print(table(rows));
}

function marked(text: string, fine: boolean): string {
  return fine ? text : paint("red", text);
}
