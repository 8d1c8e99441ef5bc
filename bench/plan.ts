/** `plan`: what it takes to see what a stack consists of, where there is no network. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Watch } from "../cli/engine.ts";
import { failed } from "../cli/errors.ts";
import { readProject, stackNamesIn } from "../cli/project.ts";
import { goodAccount, goodAws } from "../test/support/aws-settings.ts";
import { goodCluster } from "../test/support/cluster-settings.ts";
import { goodHost } from "../test/support/host-settings.ts";
import { ROOT } from "./engine.ts";
import { observeMachine } from "./machine.ts";
import { type Sample, measure } from "./measure.ts";
import { type Figure, type Report, goal } from "./report.ts";
import { spread } from "./statistics.ts";

/** Seconds that the plan of a stack may take. */
const LIMIT = 2;
/** A network namespace has no way out; only root may make one without being made root in it. */
const WITHOUT_NETWORK = process.getuid?.() === 0 ? ["--net"] : ["--map-root-user", "--net"];

interface Subject {
  readonly title: string;
  /** Of `tristack plan`. */
  readonly args: readonly string[];
  /** Whether it is one stack, which the limit is for. */
  readonly limited: boolean;
}

export async function plan(runs: number, { say, signal }: Watch): Promise<Omit<Report, "command">> {
  const folder = mkdtempSync(join(tmpdir(), "tristack-bench-plan-"));
  try {
    const subjects = [...shipped(), ...otherTargets(folder), ...several()];
    const samples = new Map<Subject, Sample[]>(subjects.map((one) => [one, []]));
    const finish = observeMachine();
    for (let round = 0; round <= runs; round += 1) {
      for (const subject of subjects) {
        say(`${round === 0 ? "warm-up" : `run ${round} of ${runs}`}: ${subject.title}`);
        const sample = await planned(subject, signal);
        if (round > 0) samples.get(subject)?.push(sample);
      }
    }
    const byTitle = Object.fromEntries([...samples].map(([{ title }, all]) => [title, all]));
    return {
      bench: "plan",
      machine: await finish(),
      runs,
      samples: byTitle,
      notes: NOTES,
      ...results(samples),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Every stack that the repository has settings of. */
function shipped(): Subject[] {
  return ["", "examples/kubernetes", "examples/aws"].flatMap((folder) =>
    stackNamesIn(join(ROOT, folder)).map((stack) => ({
      title: `${join(folder, `Pulumi.${stack}.yaml`)}`,
      args: [stack, "--settings", join(ROOT, folder)],
      limited: true,
    })),
  );
}

/** One of each target that no shipped stack has. */
function otherTargets(folder: string): Subject[] {
  const settings = { aws: goodAws(), account: goodAccount(), cluster: goodCluster(), host: goodHost() };
  return Object.entries(settings).map(([target, { secrets = {}, ...rest }]) => {
    const names = Object.keys(secrets as object).map((name) => [name, { secure: "v1:bench" }]);
    const all = { ...rest, ...(names.length > 0 ? { secrets: Object.fromEntries(names) as object } : {}) };
    const prefix = `${readProject().name}:`;
    const config = Object.fromEntries(Object.entries(all).map(([key, value]) => [prefix + key, value]));
    writeFileSync(join(folder, `Pulumi.${target}.yaml`), stringify({ config }));
    return { title: `a stack of the target ${target}`, args: [target, "--settings", folder], limited: true };
  });
}

function several(): Subject[] {
  return [
    { title: "both of this repository, side by side", args: [], limited: false },
    { title: "both, against the commit before", args: ["--against", "HEAD~1"], limited: false },
  ];
}

async function planned({ title, args }: Subject, signal: AbortSignal): Promise<Sample> {
  const command = [process.execPath, join(ROOT, "cli", "tristack.js"), "plan", "--json", ...args];
  const { sample, output } = await measure(
    { file: "unshare", args: [...WITHOUT_NETWORK, ...command], cwd: ROOT, env: {} },
    signal,
  );
  if (!output.includes('"urn": "urn:pulumi:')) throw failed(`${title}: no resource in the plan:\n${output}`);
  return sample;
}

function results(samples: ReadonlyMap<Subject, readonly Sample[]>): Pick<Report, "figures" | "goals"> {
  const figures = [...samples].flatMap(([{ title }, all]): Figure[] => [
    { subject: title, measure: "wall time", unit: "s", spread: spread(all.map(({ seconds }) => seconds)) },
    {
      subject: title,
      measure: "peak memory of all processes",
      unit: "MiB",
      spread: spread(all.map(({ treeMiB }) => treeMiB)),
    },
  ]);
  const limited = new Set([...samples.keys()].flatMap(({ title, limited }) => (limited ? [title] : [])));
  const goals = figures
    .filter(({ subject, unit }) => unit === "s" && limited.has(subject))
    .map((figure) => goal(figure.subject, LIMIT, figure));
  return { figures, goals };
}

const NOTES = [
  "`tristack plan --json`, from its start to its end, in a network namespace that has no network (`unshare --net`): no credentials, no " +
    "state, no plugin, no Pulumi CLI. What Node has compiled is kept between runs, as for everybody who runs the command twice.",
  "The commit before is checked out and run for each stack: nothing that Node has compiled is kept of it.",
];
