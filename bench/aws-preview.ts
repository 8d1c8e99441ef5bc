/** `aws-preview`: a preview of production at AWS that finds nothing to do, against the same resources in a plain program. */
import { rmSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Watch } from "../cli/engine.ts";
import { CLI, toolPath } from "../toolchain/pins.ts";
import { withAwsBackup } from "../test/support/aws-settings.ts";
import { AwsPlace } from "../test/support/e2e-aws.ts";
import { succeeded } from "../test/support/e2e-command.ts";
import { observeMachine } from "./machine.ts";
import { type Sample, measure } from "./measure.ts";
import { type ExportedState, plainProgram, plainState } from "./plain-program.ts";
import { VARIANTS, writeProject } from "./projects.ts";
import { programCost } from "./program-cost.ts";
import { type Report, goal } from "./report.ts";
import { installSdks } from "./startup.ts";

const STACK = "production";
const SECRETS = ["SECRET_KEY", "SLACK_WEBHOOK", "PING_URL"];
const PLAIN = "bench-plain";

/** What .github/workflows/preview.yml sets. */
const AS_THE_WORKFLOW = { PULUMI_PARALLEL_DIFF: "true" };

/** How each is run: its folder, and what ts-node is told. */
interface Subject {
  readonly title: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whether ts-node finds what it compiled in the run before. */
  readonly keepsCache?: boolean;
}

export async function awsPreview(runs: number, { say, signal }: Watch): Promise<Omit<Report, "command">> {
  say("moto, and a clone");
  const aws = await AwsPlace.create("bench-aws");
  try {
    say("production at AWS comes up (5 minutes)");
    await aws.write(STACK, { ...withAwsBackup(), environment: { kind: STACK } });
    await aws.init(
      STACK,
      Object.fromEntries(SECRETS.map((name) => [name, `long-enough-for-a-secret-${name}`])),
    );
    succeeded(await aws.up(STACK));
    const exported = succeeded(await aws.pulumi(STACK, "stack", "export", "--show-secrets")).stdout;
    const state = JSON.parse(exported) as ExportedState;
    const modules = await installSdks(say);
    const plain = await plainProject(aws, state, modules);
    const subjects: Subject[] = [
      { title: "this repository", folder: aws.place.root, env: AS_THE_WORKFLOW },
      { title: "plain program (ts-node, type checking)", folder: plain, env: {} },
      { title: "plain program, unchanged since the last run", folder: plain, env: {}, keepsCache: true },
      {
        title: "plain program, transpile-only",
        folder: plain,
        env: { PULUMI_NODEJS_TRANSPILE_ONLY: "true" },
      },
      { title: "this repository, without PULUMI_PARALLEL_DIFF", folder: aws.place.root, env: {} },
      {
        title: "plain program (ts-node, type checking), with PULUMI_PARALLEL_DIFF",
        folder: plain,
        env: AS_THE_WORKFLOW,
      },
    ];
    const samples: Sample[][] = subjects.map(() => []);
    const finish = observeMachine();
    for (let round = 0; round <= runs; round += 1)
      for (const [index, subject] of subjects.entries()) {
        say(`${round === 0 ? "warm-up" : `run ${round} of ${runs}`}: ${subject.title}`);
        const sample = await preview(aws, subject, signal);
        if (round > 0) samples[index]?.push(sample);
      }
    const count = state.deployment.resources.filter(({ custom }) => custom).length;
    return {
      bench: "aws-preview",
      machine: await finish(),
      runs,
      samples: Object.fromEntries(subjects.map(({ title }, index) => [title, samples[index]])),
      notes: [`${count} resources. ${NOTES[0] ?? ""}`, ...NOTES.slice(1)],
      ...results(subjects, samples),
    };
  } finally {
    await aws.dispose();
  }
}

async function plainProject(aws: AwsPlace, state: ExportedState, modules: string): Promise<string> {
  const folder = await aws.place.folder(PLAIN);
  const template = VARIANTS.find(({ key }) => key === "template")?.files ?? {};
  const files = {
    ...template,
    "Pulumi.yaml": `name: ${PLAIN}\nruntime: nodejs\n`,
    "index.ts": plainProgram(state),
    "state.json": JSON.stringify(plainState(state, PLAIN)),
  };
  writeProject(folder, files);
  symlinkSync(modules, join(folder, "node_modules"));
  const pulumi = (...args: string[]) => aws.place.pulumi([...args, "--stack", STACK, "--cwd", folder]);
  succeeded(await pulumi("stack", "init"));
  succeeded(await pulumi("stack", "import", "--file", join(folder, "state.json")));
  rmSync(join(folder, "state.json"));
  // What the example writes in another way than ours is the same at AWS.
  succeeded(await pulumi("up", "--yes", "--skip-preview"));
  return folder;
}

async function preview(
  aws: AwsPlace,
  { folder, env, keepsCache }: Subject,
  signal: AbortSignal,
): Promise<Sample> {
  const cache = `${folder}.ts-node`;
  if (!keepsCache) rmSync(cache, { recursive: true, force: true });
  const cli = toolPath(CLI);
  const bin = join(aws.place.root, "node_modules", ".bin");
  const { sample } = await measure(
    {
      file: cli,
      args: ["preview", "--stack", STACK, "--expect-no-changes", "--non-interactive", "--color", "never"],
      cwd: folder,
      env: {
        ...aws.place.env,
        PATH: [dirname(cli), bin, process.env.PATH ?? ""].join(delimiter),
        PULUMI_SKIP_UPDATE_CHECK: "1",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        TS_NODE_CACHE_DIRECTORY: cache,
        ...env,
      },
    },
    signal,
  );
  return sample;
}

function results(
  subjects: readonly Subject[],
  samples: readonly Sample[][],
): Pick<Report, "figures" | "goals"> {
  const [ours, ...others] = subjects.map(({ title }, index) => ({ title, samples: samples[index] ?? [] }));
  if (!ours) throw new Error("nothing was measured");
  const { figures, time, memory } = programCost(ours, others);
  const goals = [
    goal("wall time, against the plain program", 0.35, time),
    goal("peak memory of the program's process, against the plain program", 0.4, memory),
  ];
  return { figures, goals };
}

const NOTES = [
  "`pulumi preview --expect-no-changes` of production with a distribution, functions, a database, alarms and backups, on moto " +
    "(test/support/moto_mended.py); same CLI, plugin and Node for all, run in turn. Ratios are taken run by run.",
  "The plain program is made from the stack's own state: one index.ts that imports @pulumi/aws at its root and makes each resource " +
    "with its values, without components, functions that look something up or references to another stack, which ours has in addition. " +
    "The web ACL's rules are `rules` there, as in the provider's examples, and AWS' own JSON here.",
  "Ours is run as .github/workflows/preview.yml runs it, with PULUMI_PARALLEL_DIFF, which the plain example does not know of; both are " +
    "there the other way as well.",
  "The goals are set against an empty cache of ts-node: a build server, or a program that was just edited.",
];
