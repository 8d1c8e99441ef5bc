/** `kubernetes-scale`: what many services in one stack cost, beside `kubectl apply -k` of the same objects. */
import type { Watch } from "../cli/engine.ts";
import { setFakeNodes } from "../toolchain/cluster/fake-nodes.ts";
import { observeMachine } from "./machine.ts";
import { type Command, type Sample, measure } from "./measure.ts";
import { type Figure, type Goal, type Report, goal } from "./report.ts";
import { ScaleStack } from "./scale-stack.ts";
import { ratios, spread } from "./statistics.ts";

const SIZES = [20, 200] as const;
type Size = (typeof SIZES)[number];
/** A node of Kubernetes takes 110 pods by default; there are 402. */
const NODES = 8;
const TIMEOUT_SECONDS = 1800;

const STEPS = {
  "preview-new": "`pulumi preview`, everything new",
  up: "`pulumi up --yes --skip-preview`, state written at the end",
  "preview-same": "`pulumi preview`, nothing to do",
  apply: "`kubectl apply -k`",
  ready: "`kubectl apply -k`, until all is ready",
  diff: "`kubectl diff -k`, nothing to do",
} as const;
type Step = keyof typeof STEPS;

/** Pulumi's own way to write no state in between; whoever kills such an update has made what nobody knows of. */
const AT_THE_END = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };
/** With the whole of it written at each step, as usual: quadratic, so that 200 services would take half an hour. */
const STEPWISE_SIZES = [20, 60] as const;

type Samples = Record<Step, Sample[]>;

export async function kubernetesScale(runs: number, watch: Watch): Promise<Omit<Report, "command">> {
  await setFakeNodes(NODES, watch.say);
  try {
    watch.say(`warm-up: ${SIZES[0]} services`);
    await round(SIZES[0], watch);
    const finish = observeMachine();
    const stepwise: Sample[][] = STEPWISE_SIZES.map(() => []);
    const samples = { 20: none(), 200: none() } satisfies Record<Size, Samples>;
    const objects: Partial<Record<Size, number>> = {};
    for (let run = 1; run <= runs; run += 1) {
      for (const size of SIZES) {
        const one = await round(size, {
          ...watch,
          say: (line) => watch.say(`run ${run} of ${runs}: ${line}`),
        });
        for (const step of Object.keys(STEPS) as Step[]) samples[size][step].push(one.samples[step]);
        objects[size] = one.objects;
      }
      for (const [index, size] of STEPWISE_SIZES.entries())
        stepwise[index]?.push(await upStepwise(size, watch));
    }
    const notes = notesOf(objects);
    return {
      bench: "kubernetes-scale",
      machine: await finish(),
      runs,
      samples,
      notes,
      ...results(samples, stepwise),
    };
  } finally {
    await setFakeNodes(0, watch.say);
  }
}

/** All steps with so many services, from an empty cluster to an empty cluster. */
async function round(size: Size, { say, signal }: Watch) {
  const stack = await ScaleStack.create(size);
  const timed = async (step: Step, command: Command) => {
    say(`${size} services: ${STEPS[step].replaceAll("`", "")}`);
    return (await measure(command, signal, TIMEOUT_SECONDS)).sample;
  };
  try {
    const previewNew = await timed("preview-new", stack.command(["preview"]));
    const up = await timed("up", stack.command(["up", "--yes", "--skip-preview"], AT_THE_END));
    await stack.check(size);
    const previewSame = await timed("preview-same", stack.command(["preview", "--expect-no-changes"]));
    const { folder, objects } = await stack.kustomization();
    say(`${size} services: emptying the cluster`);
    await stack.clear();
    const apply = await timed("apply", stack.kubectl("apply", "-k", folder));
    const available = ["wait", "--for=condition=Available", "deployments", "--all", "--timeout=600s"];
    const waited = await timed("ready", stack.kubectl(...available, "--namespace", stack.namespace));
    await stack.check(size);
    const diff = await timed("diff", stack.kubectl("diff", "-k", folder));
    const ready = {
      ...(waited.treeMiB > apply.treeMiB ? waited : apply),
      seconds: apply.seconds + waited.seconds,
    };
    return {
      objects,
      samples: { "preview-new": previewNew, up, "preview-same": previewSame, apply, ready, diff },
    };
  } finally {
    await stack.remove();
  }
}

/** `pulumi up` as users run it. */
async function upStepwise(size: number, { say, signal }: Watch): Promise<Sample> {
  const stack = await ScaleStack.create(size);
  try {
    say(`${size} services: pulumi up, state written at each step`);
    const command = stack.command(["up", "--yes", "--skip-preview"]);
    return (await measure(command, signal, TIMEOUT_SECONDS)).sample;
  } finally {
    await stack.remove();
  }
}

const MEASURES = [
  { measure: "wall time", unit: "s", of: (sample: Sample) => sample.seconds },
  { measure: "peak memory of all its processes", unit: "MiB", of: (sample: Sample) => sample.treeMiB },
] as const;

function results(
  samples: Record<Size, Samples>,
  stepwise: readonly Sample[][],
): Pick<Report, "figures" | "goals"> {
  const [few = [], more = []] = stepwise;
  const usual: Figure[] = [
    ...STEPWISE_SIZES.map((size, index): Figure => ({
      subject: `${size} services: \`pulumi up\`, state written at each step`,
      measure: "wall time",
      unit: "s",
      spread: spread((stepwise[index] ?? []).map(({ seconds }) => seconds)),
    })),
    {
      subject: `from ${STEPWISE_SIZES[0]} to ${STEPWISE_SIZES[1]} services: \`pulumi up\`, state written at each step`,
      measure: "wall time",
      unit: "×",
      spread: ratios(
        more.map(({ seconds }) => seconds),
        few.map(({ seconds }) => seconds),
      ),
    },
  ];
  const absolute = SIZES.flatMap((size) =>
    (Object.keys(STEPS) as Step[]).flatMap((step) =>
      MEASURES.map(({ measure, unit, of }): Figure => ({
        subject: `${size} services: ${STEPS[step]}`,
        measure,
        unit,
        spread: spread(samples[size][step].map(of)),
      })),
    ),
  );
  const against = SIZES.flatMap((size) =>
    (
      [
        ["up", "ready"],
        ["preview-same", "diff"],
      ] as const
    ).flatMap(([ours, theirs]) =>
      MEASURES.map(({ measure, of }): Figure => ({
        subject: `${size} services: ${STEPS[ours]} to ${STEPS[theirs]}`,
        measure,
        unit: "×",
        spread: ratios(samples[size][ours].map(of), samples[size][theirs].map(of)),
      })),
    ),
  );
  const growth = (["preview-new", "up", "preview-same", "ready"] as const).flatMap((step) =>
    MEASURES.map(({ measure, of }): Figure => ({
      subject: `from ${SIZES[0]} to ${SIZES[1]} services: ${STEPS[step]}`,
      measure,
      unit: "×",
      spread: ratios(samples[SIZES[1]][step].map(of), samples[SIZES[0]][step].map(of)),
    })),
  );
  return { figures: [...absolute, ...against, ...growth, ...usual], goals: goalsOf(growth) };
}

/** No worse than linear: ten times the services, ten times the cost at most. */
function goalsOf(growth: readonly Figure[]): Goal[] {
  return growth
    .filter(({ subject }) => subject.includes("pulumi"))
    .map((figure) => goal(`${figure.subject}, ${figure.measure}`, SIZES[1] / SIZES[0], figure));
}

function none(): Samples {
  return { "preview-new": [], up: [], "preview-same": [], apply: [], ready: [], diff: [] };
}

function notesOf(objects: Partial<Record<Size, number>>): string[] {
  const counts = SIZES.map((size) => `${size} services are ${objects[size] ?? 0} objects`).join(", ");
  return [
    `One stack of services with two pods, a route and a database each, on a cluster whose ${NODES} nodes are kwok's: pods ` +
      `are scheduled and become ready, and nothing runs. ${counts}. The warm-up is of ${SIZES[0]} services.`,
    "`kubectl apply -k` gets the very objects that Pulumi has applied, read from the state, in a namespace emptied before; " +
      "ready means that every Deployment is available. Pulumi waits for the same, and for Services, routes and volumes.",
    "Pulumi's backends of files and buckets write the whole state at the beginning and the end of each step (pulumi/pulumi#10960, " +
      "#22075), which grows with the square: measured apart, with fewer services. The growth that is asked for is the program's and the " +
      "cluster's, with PULUMI_SKIP_CHECKPOINTS; Pulumi Cloud has a journal in place of that.",
  ];
}
