/** `npm run bench -- startup|up|releases|kubernetes-scale|plan|aws-preview`: side-by-side measurements. */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { Watch } from "../cli/engine.ts";
import { badInput, failed, presentError } from "../cli/errors.ts";
import { jsonOption } from "../cli/options.ts";
import { print, printJson } from "../cli/output.ts";
import { createProgress } from "../cli/progress.ts";
import { withLock } from "../toolchain/lock.ts";
import { cacheFolder } from "../toolchain/paths.ts";
import { awsPreview } from "./aws-preview.ts";
import { kubernetesScale } from "./kubernetes-scale.ts";
import { plan } from "./plan.ts";
import { updateReadme } from "./readme.ts";
import { type Report, asText, save } from "./report.ts";
import { releases } from "./releases.ts";
import { startup } from "./startup.ts";
import { up } from "./up.ts";

interface Options {
  runs: number;
  /** Of `releases` alone. */
  dockerRollout?: string;
  json?: boolean;
  save: boolean;
}

type Bench = (runs: number, watch: Watch, dockerRollout?: string) => Promise<Omit<Report, "command">>;

const BENCHES: readonly { name: string; about: string; bench: Bench }[] = [
  {
    name: "startup",
    about: "preview of a program importing four SDKs, against Pulumi's TypeScript template; about 4 minutes",
    bench: startup,
  },
  {
    name: "up",
    about:
      "`pulumi up` of the local stack against `docker compose up --wait`; about 10 minutes, needs `npm start` before",
    bench: up,
  },
  {
    name: "releases",
    about:
      "a release under load, against `docker compose up -d` and docker-rollout; about 10 minutes, needs its script",
    bench: releases,
  },
  {
    name: "kubernetes-scale",
    about:
      "20 and 200 services on nodes of kwok, against `kubectl apply -k`; about 15 minutes a run, needs `npm run cluster -- up` before",
    bench: kubernetesScale,
  },
  {
    name: "plan",
    about: "`tristack plan` of every shipped stack without a network; about 3 minutes",
    bench: plan,
  },
  {
    name: "aws-preview",
    about:
      "preview of production at AWS without changes, against a plain program; about 15 minutes, needs `npm run toolchain -- --target host` before",
    bench: awsPreview,
  },
];

function createProgram(): Command {
  const program = new Command("bench")
    .description("Side-by-side measurements. Each saves its figures in bench/results and in bench/README.md.")
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .showHelpAfterError("(run with --help for what is possible)")
    .addHelpText(
      "after",
      "\nExit codes: 0 measured (goals met or not), 1 failed, 2 bad input (nothing was started).\n",
    );
  for (const { name, about, bench } of BENCHES) {
    const command = program
      .command(name)
      .description(about)
      .option("--runs <n>", "counted runs of each side, after one warm-up", parseRuns, 5)
      .option("--no-save", "leave bench/results and bench/README.md as they are")
      .addOption(jsonOption())
      .action((options: Options) => measureAndReport(name, bench, options));
    if (bench === releases) command.option("--docker-rollout <script>", "path of docker-rollout's script");
    command.copyInheritedSettings(program);
  }
  return program;
}

function parseRuns(value: string): number {
  const runs = Number(value);
  if (/^\d+$/.test(value) && runs >= 1 && runs <= 100) return runs;
  throw new InvalidArgumentError("needs a whole number from 1 to 100");
}

async function measureAndReport(name: string, bench: Bench, options: Options): Promise<void> {
  if (process.platform !== "linux")
    throw badInput(`platform: ${process.platform}; needs linux, whose /proc tells the memory`);
  const signal = stopSignal();
  const measured = await createProgress().step(`Measuring ${name}`, (say) =>
    // Two at a time would measure each other.
    withLock(cacheFolder("bench.lock"), say, () =>
      bench(options.runs, { say, signal }, options.dockerRollout),
    ),
  );
  const report: Report = { ...measured, command: `npm run bench -- ${name} --runs ${options.runs}` };
  if (options.save) {
    save(report);
    await updateReadme(report);
  }
  if (options.json) printJson(report);
  else print(asText(report));
}

/** Ctrl-C ends the running command; then the bench removes what it has made. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => controller.abort(failed("stopped before the end; nothing was saved")));
  }
  return controller.signal;
}

async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram();
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { text, exitCode } = presentError(error, Boolean(process.env.TRISTACK_DEBUG));
  process.stderr.write(`error: ${text}\n`);
  return exitCode;
}

await main(process.argv);
