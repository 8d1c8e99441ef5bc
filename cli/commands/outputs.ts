/** `tristack outputs`: the contract that CI, backup jobs and people read, whatever the target. */
import { Command, Option } from "commander";
import { requireBackend } from "../backend.ts";
import type { RecordStore } from "../carrier.ts";
import { recordsOf } from "../records.ts";
import { Engine } from "../engine.ts";
import { badInput, failed } from "../errors.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { print, printJson, table } from "../output.ts";
import { type Outputs, githubLines, shellLines } from "../outputs-format.ts";
import { readProject, readStackFile } from "../project.ts";
import { imageWithShell } from "../proxy.ts";
import { liveStatus } from "../status.ts";
import { dockerOf } from "../stack-docker.ts";
import { checkSettings } from "../stack-settings.ts";

const FORMATS = ["text", "json", "env", "github"] as const;
type Format = (typeof FORMATS)[number];

interface Options {
  json?: boolean;
  format?: Format;
}

const NOTES = `
schemas/generated/outputs.schema.json describes the JSON, and examples/consumer reads it without this command. As env and github
it is one variable a value: null is empty, lists and maps are JSON.

Examples:
  tristack outputs local
  tristack outputs production --json | jq -r .urls.web
  eval "$(tristack outputs production --format env)" && curl "$TRISTACK_URLS_HEALTH"
  tristack outputs production --format github >> "$GITHUB_OUTPUT"
`;

export function outputsCommand(): Command {
  return new Command("outputs")
    .description("print the outputs of a stack's last update, checked against the contract")
    .addArgument(stackArgument())
    .addOption(
      new Option(
        "--format <format>",
        "text, json (as --json), env (for a shell) or github (for GITHUB_OUTPUT)",
      )
        .choices(FORMATS)
        .conflicts("json"),
    )
    .addOption(jsonOption())
    .addHelpText("after", NOTES)
    .action(async (stack: string, { json, format = "text" }: Options) =>
      outputs(stack, json ? "json" : format),
    );
}

async function outputs(stack: string, format: Format): Promise<void> {
  const project = readProject();
  const engine = new Engine(project, stack, requireBackend(project));
  const stored = await engine.outputs();
  if (!stored) throw badInput(`There is no stack ${stack} in ${engine.backend.url}`);
  if (Object.keys(stored).length === 0)
    throw failed(`the stack ${stack} has no outputs yet: its first update has not ended`);
  // Loaded here, so that `--help` need not wait for them.
  const { checkOutputs, isOfApplication } = await import("../../components/outputs.ts");
  const values = isOfApplication(stored) ? { ...stored, ...(await live(engine, stored)) } : stored;
  const { report: problemReport } = await import("../../components/shared/problems.ts");
  const problems = checkOutputs(values);
  if (problems.length > 0) throw failed(problemReport(`The output of ${stack}`, problems));
  SHOW[format](values);
}

const SHOW: Record<Format, (values: Outputs) => void> = {
  text: (values) => print(table(flatten(values))),
  json: printJson,
  env: (values) => shellLines(values).forEach(print),
  github: (values) => githubLines(values).forEach(print),
};

/** What is kept beside the stack. A host or cluster that cannot be reached takes nothing from the rest. */
async function live(engine: Engine, stored: Outputs) {
  if (typeof stored.statusRef !== "string") return {};
  const store = await storeOf(engine, stored);
  const read = await store?.readAll().catch(() => undefined);
  return read === undefined ? {} : { status: liveStatus(read) };
}

async function storeOf(engine: Engine, stored: Outputs): Promise<RecordStore | undefined> {
  const { project, owner, stackName: stack } = engine;
  const file = readStackFile(project, stack);
  if (stored.target === "kubernetes") {
    const { settings } = file ? await checkSettings(project, stack, file) : {};
    if (settings?.target !== "kubernetes") return undefined;
    const { ClusterRecords } = await import("../kubernetes/records.ts");
    const { clusterOf } = await import("../kubernetes/client.ts");
    return new ClusterRecords(await clusterOf(engine, settings));
  }
  if (stored.target === "aws") {
    const region = file?.config.region;
    if (typeof region !== "string") return undefined;
    const { awsRecordsOf } = await import("../aws/records.ts");
    const { s3Client } = await import("../aws/bucket.ts");
    return awsRecordsOf(s3Client(region), stored);
  }
  const docker = dockerOf(project, file);
  const image = await imageWithShell(docker, owner);
  return image === undefined ? undefined : recordsOf(stored, docker, image);
}

/** `urls.web  https://…`, one row a value. */
export function flatten(value: unknown, path = ""): string[][] {
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) =>
    flatten(inner, path === "" ? key : `${path}.${key}`),
  );
}
