/** `tristack environment`: environments that come and go, one for each pull request. */
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { DURATION_PATTERN } from "../../components/shared/units.ts";
import { requireBackend } from "../backend.ts";
import { badInput, failed } from "../errors.ts";
import { chooseForSweep, hasExpired, pullRequestNumbers } from "../environments/choice.ts";
import { environmentName, protectedName } from "../environments/names.ts";
import { TEMPLATE } from "../environments/template.ts";
import { jsonOption, parseStack, releaseOptions } from "../options.ts";
import { paint, print, printJson, table } from "../output.ts";
import { createProgress } from "../progress.ts";
import { readProject } from "../project.ts";
import { age } from "../recovery.ts";
import { beyondTheState } from "../removal.ts";

const EXAMPLES = `
Each subcommand has --json, and more examples under --help.

Examples:
  tristack environment up --pull-request 42 --version pr-42-1a2b3c4
  tristack environment list
  tristack environment down pr-42
  tristack environment sweep --open 41,43 --dry-run
`;

export function environmentCommand(): Command {
  return new Command("environment")
    .description("preview environments, such as one for each pull request: up, list, down, sweep")
    .addHelpText("after", EXAMPLES)
    .addCommand(upCommand())
    .addCommand(listCommand())
    .addCommand(downCommand())
    .addCommand(sweepCommand());
}

interface UpOptions {
  pullRequest?: number;
  version: string;
  commit?: string;
  digest: Record<string, string>;
  template: string;
  expiresIn: string;
  seed?: string;
  json?: boolean;
}

function upCommand(): Command {
  const command = new Command("up")
    .description("create an environment from its template, or bring it up to date; extend its time")
    .argument("[name]", "its name (default: pr- and the pull request)", parseStack)
    .addOption(pullRequestOption());
  return releaseOptions(command)
    .option("--template <file>", "settings that its own are made from", TEMPLATE)
    .addOption(lifetimeOption())
    .option(
      "--seed <file>",
      "fill the database of a new one, once: SQL, or a dump made by pg_dump -Fc; .gz as well",
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nSecrets that its services name come from TRISTACK_SECRET_<NAME>, or encrypted from the template.\n" +
        "\nExamples:\n  tristack environment up --pull-request 42 --version pr-42-1a2b3c4\n" +
        "  tristack environment up demo --version v1.4.2 --expires-in 30d --seed fixtures/demo.sql\n" +
        "  tristack environment up --pull-request 42 --version v1 --template examples/previews/aws.yaml --json | jq -r .url\n" +
        "\nExit codes: 0 it serves, 1 the release did not pass, 2 bad input.\n",
    )
    .action(up);
}

async function up(name: string | undefined, options: UpOptions): Promise<void> {
  const project = readProject();
  const environment = environmentName(name, options.pullRequest);
  const { bringUp } = await import("../environments/up.ts");
  const result = await bringUp(project, requireBackend(project), {
    environment,
    release: { version: options.version, commit: options.commit, digests: options.digest },
    template: options.template,
    lifetime: options.expiresIn,
    seed: options.seed,
  });
  if (options.json) return printJson(result);
  const { stack, url, created, seeded, expiresAt, release } = result;
  print(`${stack} ${created ? "is there" : "is up to date"}: ${release.version}, until ${expiresAt}.`);
  if (seeded) print("Its database has been seeded.");
  for (const warning of release.warnings) print(`${paint("yellow", "warning")}: ${warning}`);
  print(url);
}

interface ListOptions {
  now: Date;
  json?: boolean;
}

function listCommand(): Command {
  return new Command("list")
    .description("all environments of the backend, with their pull request, URL, age and end")
    .addOption(nowOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tristack environment list\n  tristack environment list --json | jq -r '.[] | select(.expired) | .name'\n",
    )
    .action(list);
}

async function list({ now, json }: ListOptions): Promise<void> {
  const all = (await environments()).map((one) => ({ ...one, expired: hasExpired(one.expiresAt, now) }));
  if (json) return printJson(all);
  if (all.length === 0) return print("There is no environment.");
  const rows = all.map(({ name, pullRequest, version, createdAt, expiresAt, expired, url }) => [
    name,
    pullRequest === null ? "-" : `#${pullRequest}`,
    version ?? "-",
    createdAt === null ? "-" : age(new Date(createdAt), now),
    expiresAt === null ? "-" : expired ? paint("red", `expired ${expiresAt}`) : expiresAt,
    url ?? "(no release yet)",
  ]);
  print(table([["NAME", "PULL REQUEST", "VERSION", "AGE", "EXPIRES", "URL"], ...rows]));
}

async function environments() {
  const project = readProject();
  const { findEnvironments } = await import("../environments/find.ts");
  return createProgress().step("Asking the backend", () =>
    findEnvironments(project, requireBackend(project)),
  );
}

interface DownOptions {
  ifExists?: boolean;
  json?: boolean;
}

function downCommand(): Command {
  return new Command("down")
    .description("destroy an environment with its data, and its stack; refuses everything else")
    .argument("<name>", "its name, such as pr-42", parseStack)
    .option("--if-exists", "there being none is no error")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nWorks from any checkout, and after a first up that failed. Asks nothing: what it destroys was made to go.\n" +
        "\nExamples:\n  tristack environment down pr-42\n  tristack environment down pr-42 --if-exists --json\n",
    )
    .action(down);
}

async function down(name: string, options: DownOptions): Promise<void> {
  const reason = protectedName(name);
  if (reason !== undefined) throw badInput(reason);
  const project = readProject();
  const { NoEnvironment, takeDown } = await import("../environments/down.ts");
  try {
    const removed = await takeDown(project, requireBackend(project), name);
    if (options.json) return printJson({ stack: name, ...removed });
    print(`${name} is gone: ${removed.resources} resources.`);
    for (const line of beyondTheState(removed)) print(line);
  } catch (error) {
    if (!(error instanceof NoEnvironment)) throw error;
    if (!options.ifExists) throw badInput(error.message);
    if (options.json) return printJson({ stack: name, resources: 0 });
    print(`${error.message}: there is nothing to do.`);
  }
}

interface SweepOptions {
  closed?: string;
  open?: string;
  dryRun?: boolean;
  now: Date;
  json?: boolean;
}

function sweepCommand(): Command {
  return new Command("sweep")
    .description("destroy every environment that has expired or whose pull request is closed")
    .option("--closed <numbers>", "pull requests that are closed, such as 7,9; none; - reads them from stdin")
    .addOption(
      new Option("--open <numbers>", "all pull requests that are open: every other one is closed").conflicts(
        "closed",
      ),
    )
    .option("--dry-run", "tell what it would destroy, and destroy nothing")
    .addOption(nowOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nStaging and production are never destroyed, whatever the numbers say. One that fails does not stop the others.\n" +
        "\nExamples:\n  tristack environment sweep --dry-run\n  tristack environment sweep --closed 7,9\n" +
        "  gh pr list --state open --limit 1000 --json number --jq '.[].number' | tristack environment sweep --open -\n" +
        "\nExit codes: 0 all of them are gone, 1 at least one is not, 2 bad input.\n",
    )
    .action(sweep);
}

async function sweep(options: SweepOptions): Promise<void> {
  const { now, json } = options;
  const order = {
    now,
    closed: numbersOf("--closed", options.closed),
    open: numbersOf("--open", options.open),
  };
  const chosen = chooseForSweep(await environments(), order);
  const told = chosen.map(({ environment: { name }, reason }) => ({ name, reason }));
  if (options.dryRun) {
    if (json) return printJson({ dryRun: true, destroyed: [], wouldDestroy: told, failed: [] });
    for (const { name, reason } of told) print(`would destroy ${name}: ${reason}`);
    if (told.length === 0) print("There is nothing to destroy.");
    return;
  }
  const project = readProject();
  const { destroyChosen } = await import("../environments/sweep.ts");
  const { note } = createProgress();
  const result = await destroyChosen(project, requireBackend(project), chosen, order, note);
  if (json) printJson(result);
  else {
    for (const { name, reason } of result.destroyed) print(`${name} is gone: ${reason}`);
    if (told.length === 0) print("There is nothing to destroy.");
  }
  if (result.failed.length === 0) return;
  throw failed(
    ["These could not be destroyed:", ...result.failed.map(({ name, error }) => `  ${name}: ${error}`)].join(
      "\n",
    ),
  );
}

function numbersOf(option: string, given: string | undefined): Set<number> | undefined {
  if (given === undefined) return undefined;
  return pullRequestNumbers(option, given === "-" ? readFileSync(0, "utf8") : given);
}

function pullRequestOption(): Option {
  return new Option("--pull-request <number>", "the pull request that it belongs to").argParser((value) => {
    if (/^[1-9]\d{0,6}$/.test(value)) return Number(value);
    throw new InvalidArgumentError("needs a number from 1 to 9999999");
  });
}

function lifetimeOption(): Option {
  return new Option("--expires-in <time>", "time from now on after which a sweep may destroy it")
    .default("7d")
    .argParser((value) => {
      if (DURATION_PATTERN.test(value)) return value;
      throw new InvalidArgumentError("needs a duration such as 30m, 12h or 7d");
    });
}

function nowOption(): Option {
  return new Option("--now <time>", "the time to go by, such as 2026-12-01T00:00:00Z")
    .default(new Date(), "the clock's")
    .argParser((value) => {
      const now = new Date(value);
      if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(now.getTime())) return now;
      throw new InvalidArgumentError("needs a time in UTC, such as 2026-12-01T00:00:00Z");
    });
}
