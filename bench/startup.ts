/** `startup`: how long a preview takes before the first resource, and how much memory, by the way TypeScript is run. */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { failed } from "../cli/errors.ts";
import type { Say } from "../cli/progress.ts";
import type { Watch } from "../cli/engine.ts";
import { run } from "../toolchain/command.ts";
import { cacheFolder } from "../toolchain/paths.ts";
import { ROOT, ThrowAwayPulumi } from "./engine.ts";
import { observeMachine } from "./machine.ts";
import { type Sample, measure } from "./measure.ts";
import { PROOF, VARIANTS, type Variant, writeProject } from "./projects.ts";
import { programCost } from "./program-cost.ts";
import { type Report, goal } from "./report.ts";

const STACK = "bench";
const PACKAGES = join(ROOT, "bench", "startup");

type Samples = Record<Variant["key"], Sample[]>;

export async function startup(runs: number, { say, signal }: Watch): Promise<Omit<Report, "command">> {
  const modules = await installSdks(say);
  const pulumi = new ThrowAwayPulumi();
  try {
    for (const variant of VARIANTS) await prepare(pulumi, variant, modules);
    const finish = observeMachine();
    const samples: Samples = { ours: [], template: [], "template-again": [], "transpile-only": [] };
    for (let round = 0; round <= runs; round += 1) {
      for (const variant of VARIANTS) {
        say(round === 0 ? `warm-up: ${variant.title}` : `run ${round} of ${runs}: ${variant.title}`);
        const sample = await preview(pulumi, variant, signal);
        if (round > 0) samples[variant.key].push(sample);
      }
    }
    return { bench: "startup", machine: await finish(), runs, samples, notes: NOTES, ...results(samples) };
  } finally {
    pulumi.remove();
  }
}

/**
 * The SDKs, as the lock says, in the cache: a node_modules inside the checkout would make Pulumi's language host take
 * the plugins of AWS and Kubernetes for ones that every stack of this repository needs.
 */
export async function installSdks(say: Say): Promise<string> {
  const files = ["package.json", "package-lock.json"];
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(join(PACKAGES, file)));
  const folder = cacheFolder("bench", `startup-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(folder)) return join(folder, "node_modules");
  say("installing the SDKs (npm ci, once)");
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    for (const file of files) copyFileSync(join(PACKAGES, file), join(draft, file));
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: draft,
      what: "npm ci of the SDKs",
    });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return join(folder, "node_modules");
}

async function prepare(pulumi: ThrowAwayPulumi, variant: Variant, modules: string): Promise<void> {
  const folder = projectFolder(pulumi, variant);
  mkdirSync(folder);
  writeProject(folder, variant.files);
  symlinkSync(modules, join(folder, "node_modules"));
  await pulumi.run(folder, ["stack", "init", "--stack", STACK, "--no-select"]);
}

async function preview(pulumi: ThrowAwayPulumi, variant: Variant, signal: AbortSignal): Promise<Sample> {
  const cache = join(pulumi.folder, "ts-node", variant.key);
  if (!variant.keepsCache) rmSync(cache, { recursive: true, force: true });
  const env = { ...variant.env, TS_NODE_CACHE_DIRECTORY: cache };
  const command = pulumi.command(projectFolder(pulumi, variant), ["preview", "--stack", STACK], env);
  const { sample, output } = await measure(command, signal);
  if (!PROOF.test(output)) throw failed(`the program did not import what it should have:\n${output}`);
  return sample;
}

function projectFolder(pulumi: ThrowAwayPulumi, variant: Variant): string {
  return join(pulumi.folder, variant.key);
}

function results(samples: Samples): Pick<Report, "figures" | "goals"> {
  const [ours, ...others] = VARIANTS.map(({ key, title }) => ({ key, title, samples: samples[key] }));
  if (ours?.key !== "ours") throw new Error("ours is not the first variant");
  const { figures, time, memory } = programCost(ours, others);
  const goals = [
    goal("wall time, against the template", 0.3, time),
    goal("peak memory of the program's process, against the template", 0.35, memory),
  ];
  return { figures, goals };
}

const NOTES = [
  "`pulumi preview` of a program without resources that imports @pulumi/pulumi, aws, kubernetes, docker and random at " +
    "their roots; the same program, Node, CLI and language host for all, run in turn. Ratios are taken run by run.",
  "The template is the text of `pulumi new typescript`. It brings no ts-node, so Pulumi uses its own 7.0.1, which keeps what it " +
    "has compiled in a cache by content. The goals are set against an empty cache: a build server, or a program that was just edited.",
  "Memory of the program's process: the kernel's high-water mark (VmHWM), as `/usr/bin/time -v` reports it. Of all " +
    "processes: the sum of what is resident, looked at every 25 ms; the CLI and the language host are the same for all.",
];
