/** `tristack init`: backend, secrets provider and secrets of a stack, and its first checks. */
import { basename } from "node:path";
import { Command } from "commander";
import { ask, canAsk } from "../ask.ts";
import { type Backend, CLOUD, backendFacts, chooseBackend, isCloud } from "../backend.ts";
import { Engine, engineBinary } from "../engine.ts";
import { badInput, messageOf } from "../errors.ts";
import { exclusively } from "../mutex.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { print, printJson } from "../output.ts";
import { createProgress } from "../progress.ts";
import { type Project, readProject, readStackFile, stackPath } from "../project.ts";
import { type Carried, whatCarries } from "../reachable.ts";
import { recover } from "../recover.ts";
import { interruptible } from "../signals.ts";
import { collectSecrets, namedProvider, selectPassphrase } from "../stack-secrets.ts";
import { openStack } from "../update.ts";
import { allMissingSecrets, isBare, requireSettings } from "../stack-settings.ts";

interface InitOptions {
  backend?: string;
  secretsProvider?: string;
  yes?: boolean;
  json?: boolean;
}

const EXAMPLES = `
Secrets that the stack's services name and that are missing are asked for, or taken from TRISTACK_SECRET_<NAME>.
A passphrase is asked for, or taken from PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.

Examples:
  tristack init staging
  tristack init production --backend s3://my-state --secrets-provider 'awskms://alias/tristack?region=eu-central-1' --yes
`;

export function initCommand(): Command {
  return new Command("init")
    .description("create a stack on any target: backend, secrets provider, secrets, first checks")
    .addArgument(stackArgument())
    .option("--backend <url>", "where the state lies: an address as for `pulumi login`, or `cloud`")
    .option(
      "--secrets-provider <provider>",
      "passphrase, default (Pulumi Cloud), awskms://…, gcpkms://…, azurekeyvault://…, hashivault://…",
    )
    .option("-y, --yes", "ask nothing; what is missing is an error")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(async (stack: string, options: InitOptions) => init(stack, options));
}

async function init(stack: string, options: InitOptions): Promise<void> {
  const project = readProject();
  const asking = !options.yes && canAsk();
  const file = readStackFile(project, stack);
  if (!file)
    throw badInput(`stack: ${stack}; needs its settings in ${basename(stackPath(project, stack))} first`);
  const names = allMissingSecrets(file);
  await requireSettings(project, stack, file, names);
  engineBinary();
  const backend = await selectBackend(project, options, asking);
  const provider = await selectProvider(file.text, backend, options, asking);
  const passphrase = await selectPassphrase(project, provider, asking);
  const secrets = await collectSecrets(names, asking);

  const engine = new Engine(project, stack, backend, passphrase);
  const carried = whatCarries(engine, file);
  const result = await exclusively(project, stack, () => make(engine, carried, provider, secrets));
  if (options.json)
    return printJson({ stack, backend: backend.url, ...result, secrets: Object.keys(secrets) });
  print(`${stack} ${result.created ? "is created" : "was there already"} in ${backend.url}.`);
  if (names.length > 0) print(`Secrets set: ${names.join(", ")}.`);
  for (const warning of result.warnings) print(`warning: ${warning}`);
  if (backend.source === "environment" && !process.env.PULUMI_BACKEND_URL) {
    print(`For the commands that follow: export PULUMI_BACKEND_URL='${backend.url}'`);
  }
  if (Object.keys(passphrase).length > 0) {
    print(
      "They need the passphrase as well: in PULUMI_CONFIG_PASSPHRASE, or in a file that PULUMI_CONFIG_PASSPHRASE_FILE names",
    );
  }
  // Of an application nothing runs yet, and a plain preview would ask which version.
  const next = isBare(file) ? `pulumi up --stack ${stack}` : `tristack deploy ${stack} --version <version>`;
  print(`Next: npx ${next}`);
}

/** Creates the stack or recovers it, sets its secrets, and sees whether what is to carry it answers. */
async function make(
  engine: Engine,
  carried: Carried | undefined,
  provider: string,
  secrets: Readonly<Record<string, string>>,
) {
  const progress = createProgress();
  const { created, restored } = await progress.step(`Stack in ${engine.backend.url}`, () =>
    openStack(engine, carried?.docker, provider),
  );
  for (const [name, value] of Object.entries(secrets)) {
    await progress.step(`Secret ${name}`, () => engine.setSecret(name, value));
  }
  const nothing = { created, recovered: [], warnings: [] };
  if (!carried) return nothing;
  const { name, where, ask, docker } = carried;
  try {
    await progress.step(`${name} (${where})`, ask);
  } catch (error) {
    return { ...nothing, warnings: [`${name} cannot be reached: ${messageOf(error)}`] };
  }
  if (created) return nothing;
  const { told } = await interruptible(progress.note, (signal) =>
    progress.step("Looking for interrupted updates", (say) =>
      recover(engine, docker, { say, signal }, { restored }),
    ),
  );
  told.forEach(progress.note);
  return { ...nothing, recovered: told };
}

async function selectBackend(project: Project, options: InitOptions, asking: boolean): Promise<Backend> {
  const chosen = chooseBackend(backendFacts(project));
  const given =
    options.backend ?? (asking ? await ask("Backend (cloud, s3://…, file://…)", chosen?.url) : undefined);
  const url = given === "cloud" ? CLOUD : given;
  if (url === undefined || url === "" || url === chosen?.url) {
    if (chosen) return chosen;
    throw badInput(
      "--backend is missing; needs an address as for `pulumi login`, such as s3://my-state, or cloud",
    );
  }
  if (!/^(https?|file|s3|gs|azblob|postgres):\/\/\S+$/.test(url)) {
    throw badInput(
      `--backend: ${url}; needs an address as for \`pulumi login\`, such as s3://my-state, or cloud`,
    );
  }
  return { source: "environment", url, env: { ...chosen?.env, PULUMI_BACKEND_URL: url } };
}

const PROVIDER = /^(passphrase|default|(awskms|gcpkms|azurekeyvault|hashivault):\/\/\S+)$/;

/** Undefined: the stack file names one already, or the backend's own. */
async function selectProvider(text: string, backend: Backend, options: InitOptions, asking: boolean) {
  const usual = isCloud(backend.url) ? "default" : "passphrase";
  const given =
    options.secretsProvider ?? namedProvider(text) ?? (asking ? await ask("Secrets provider", usual) : usual);
  if (PROVIDER.test(given)) return given;
  throw badInput(
    `--secrets-provider: ${given}; needs passphrase, default, or an address such as awskms://alias/name`,
  );
}
