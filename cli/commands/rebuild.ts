/** `tristack rebuild`: everything of a stack anew on an empty host, from what lies in S3. */
import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { askSecret, canAsk, confirm } from "../ask.ts";
import { badInput } from "../errors.ts";
import { exclusively } from "../mutex.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { print, printJson } from "../output.ts";
import { createProgress } from "../progress.ts";
import { type Project, readProject, readStackFile } from "../project.ts";
import type { Rebuilt } from "../rebuild.ts";
import { S3Folder, type S3Place, parseS3 } from "../s3.ts";
import { objectOf } from "../stack-settings.ts";
import { unseal } from "../state-copy.ts";

interface Options {
  from?: string;
  region?: string;
  endpoint?: string;
  copy?: string;
  withoutData?: boolean;
  settings?: "kept" | "copied";
  yes?: boolean;
  json?: boolean;
}

/** Where the newest copies of the state lie below the backups. */
const STATES = "state/";

export function rebuildCommand(): Command {
  return new Command("rebuild")
    .description(
      "bring a stack back on an empty host: state, containers and database, from the backups in S3",
    )
    .addArgument(stackArgument())
    .option("--from <s3 address>", "where the backups are (default: as the settings file says)")
    .option("--region <region>", "region of the bucket, with --from")
    .option("--endpoint <url>", "address of an S3 server other than Amazon's, with --from")
    .option("--copy <file>", "a copy of the state that was fetched by hand, in place of the newest")
    .option("--without-data", "leave the database empty")
    .addOption(
      new Option(
        "--settings <which>",
        "where settings file and copy differ: kept (the checkout's) or copied",
      ).choices(["kept", "copied"]),
    )
    .option("-y, --yes", "do not ask")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nThe recovery key (tristack recovery-key) is asked for, or read from TRISTACK_RECOVERY_KEY. Credentials for S3\n" +
        "are those of AWS's own chain, such as AWS_ACCESS_KEY_ID. Images come from their registry.\n" +
        "\nExamples:\n  tristack rebuild production\n" +
        "  tristack rebuild production --from s3://backups/shop/production/ --region eu-central-1 --yes\n",
    )
    .action(run);
}

async function run(stack: string, options: Options): Promise<void> {
  const project = readProject();
  const place = placeOf(project, stack, options);
  const folder = place && new S3Folder(place);
  if (!folder && options.copy === undefined)
    throw badInput("there is no S3 in the settings file; needs --from s3://bucket/folder/, or --copy <file>");
  if (!folder && !options.withoutData)
    throw badInput("the database's backups are in no S3 that is known; needs --from, or --without-data");
  const key = await recoveryKey();
  const copy = await unseal(await sealedCopy(folder, options.copy), key);
  await confirm(`This makes ${stack} anew from its state of ${copy.at}`, stack, Boolean(options.yes));
  // Loaded here, so that `--help` need not wait for it.
  const { rebuild } = await import("../rebuild.ts");
  const backups = options.withoutData ? undefined : folder;
  const plan = { project, stack, copy, backups, settings: options.settings };
  const done = await exclusively(project, stack, () => rebuild(plan, createProgress()));
  if (options.json) printJson(done);
  else show(done);
}

function placeOf(project: Project, stack: string, options: Options): S3Place | undefined {
  const { s3 } = objectOf(readStackFile(project, stack)?.config.backup);
  if (options.from === undefined) {
    if (options.region !== undefined || options.endpoint !== undefined)
      throw badInput("--region and --endpoint go with --from");
    return typeof s3 === "object" ? ({ prefix: "", ...s3 } as S3Place) : undefined;
  }
  if (options.region === undefined) throw badInput("--from needs --region, such as eu-central-1");
  return { ...parseS3(options.from), region: options.region, endpoint: options.endpoint };
}

async function recoveryKey(): Promise<string> {
  const given = process.env.TRISTACK_RECOVERY_KEY;
  // Pulumi, its plugins and the program need not inherit it.
  Reflect.deleteProperty(process.env, "TRISTACK_RECOVERY_KEY");
  if (given) return given;
  if (canAsk()) return askSecret("Recovery key");
  throw badInput("the recovery key is missing; needs TRISTACK_RECOVERY_KEY, or a terminal to ask for it");
}

async function sealedCopy(folder: S3Folder | undefined, file: string | undefined): Promise<string> {
  if (file !== undefined) return readCopy(file);
  const newest = await folder?.newest(STATES, /\.age$/);
  if (folder && newest) return folder.text(STATES + newest);
  throw badInput(
    `${folder?.name ?? "S3"} has no copy of the state; needs one: tristack backup now, with backup.recoveryKey set`,
  );
}

function readCopy(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw badInput(`--copy: ${file} cannot be read; needs a file that ends with .age`);
  }
}

function show({ stack, stateOf, backup, version, url, seconds }: Rebuilt): void {
  const total = Object.values(seconds).reduce((sum, one) => sum + one, 0);
  print(`${stack} runs ${version} at ${url}, made anew from its state of ${stateOf}`);
  print(backup === null ? "Its database is empty." : `Its database is that of the backup ${backup}.`);
  const phases = Object.entries(seconds).map(([phase, time]) => `${phase} ${time} s`);
  print(`${total.toFixed(1)} s: ${phases.join(", ")}`);
}
