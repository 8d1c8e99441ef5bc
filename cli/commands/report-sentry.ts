/** `tristack report sentry`: a release at Sentry, and where it was deployed. */
import { Command } from "commander";
import { badInput } from "../errors.ts";
import { type Variables, isWebAddress, runPage } from "../hosting/environment.ts";
import { type SentryPlace, tellSentry } from "../hosting/sentry.ts";
import { jsonOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { createProgress } from "../progress.ts";
import { optionalOption } from "./report-notice.ts";

interface Options {
  version: string;
  environment: string;
  commit?: string;
  link?: string;
  optional?: boolean;
  json?: boolean;
}

const NOTES = `
Of the environment: SENTRY_AUTH_TOKEN (scope org:ci, or project:releases), SENTRY_ORG, SENTRY_PROJECT (several with commas between), and SENTRY_URL
for a server of one's own (default: https://sentry.io). The version has to be the one that the application tells Sentry as its \`release\`.

Examples:
  tristack report sentry --version v1.4.2 --environment production
  tristack report sentry --version v1.4.2 --environment staging --commit "$GITHUB_SHA" --optional
`;

export function reportSentryCommand(): Command {
  return new Command("sentry")
    .description("tell Sentry of a release, and where it was deployed")
    .requiredOption("--version <version>", "the application's version")
    .requiredOption("--environment <environment>", "where it was deployed, such as the stack's name")
    .option("--commit <sha>", "git commit that it was built from")
    .option("--link <url>", "where more is to be read (default: the run's page in Actions)")
    .addOption(optionalOption("SENTRY_AUTH_TOKEN"))
    .addOption(jsonOption())
    .addHelpText("after", NOTES)
    .action((options: Options) => sentry(options, process.env));
}

async function sentry(options: Options, env: Variables): Promise<void> {
  const { version, environment, commit, json } = options;
  const link = options.link ?? runPage(env);
  const token = env.SENTRY_AUTH_TOKEN ?? "";
  const skipped = token === "" && options.optional;
  const problems = [
    ...wrong(options),
    ...(link === undefined || isWebAddress(link) ? [] : [`--link: ${link}; needs a web address`]),
    ...(skipped ? [] : missing(env)),
  ];
  if (problems.length > 0) throw badInput(...problems);
  if (skipped) {
    if (json) return printJson({ sent: false, version, environment, commitKnown: false });
    return print("SENTRY_AUTH_TOKEN is not set: Sentry is not told.");
  }
  const deploy = { version, environment, commit, repository: env.GITHUB_REPOSITORY || undefined, link };
  const progress = createProgress();
  const { commitKnown } = await progress.step("Telling Sentry", () => tellSentry(placeIn(env), deploy));
  if (commit !== undefined && !commitKnown)
    progress.note(
      "warning: Sentry is not connected with the repository: it shows no commits of this release",
    );
  if (json) return printJson({ sent: true, version, environment, commitKnown });
  print(`Sentry knows that ${version} is in ${environment}.`);
}

/** What Sentry takes as a name. */
function wrong({ version, environment, commit }: Options): string[] {
  const bad = (name: string, length: number) =>
    name.length > length || /[\n\t/\\]/.test(name) || /^[. ]*$/.test(name);
  const need = "characters without / \\ or breaks";
  return [
    ...(bad(version, 200) ? [`--version: ${JSON.stringify(version)}; needs 1 to 200 ${need}`] : []),
    ...(bad(environment, 64) ? [`--environment: ${JSON.stringify(environment)}; needs 1 to 64 ${need}`] : []),
    ...(commit === undefined || /^[0-9a-f]{7,64}$/.test(commit)
      ? []
      : [`--commit: ${commit}; needs the id of a git commit`]),
  ];
}

function missing(env: Variables): string[] {
  const names = ["SENTRY_AUTH_TOKEN", "SENTRY_ORG", "SENTRY_PROJECT"].filter((name) => !env[name]);
  const { url } = placeIn(env);
  return [
    ...names.map((name) => `${name}: missing; Sentry's releases need it`),
    ...(isWebAddress(url) ? [] : [`SENTRY_URL: ${url}; needs a web address, such as https://sentry.io`]),
  ];
}

function placeIn({
  SENTRY_URL,
  SENTRY_ORG = "",
  SENTRY_PROJECT = "",
  SENTRY_AUTH_TOKEN = "",
}: Variables): SentryPlace {
  return {
    url: (SENTRY_URL || "https://sentry.io").replace(/\/+$/, ""),
    organization: SENTRY_ORG,
    projects: SENTRY_PROJECT.split(",")
      .map((one) => one.trim())
      .filter((one) => one !== ""),
    token: SENTRY_AUTH_TOKEN,
  };
}
