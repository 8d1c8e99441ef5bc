/** `up`: the whole local stack from nothing to healthy, by Pulumi and by Docker Compose; and a preview without changes. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Docker } from "../cli/docker.ts";
import type { Watch } from "../cli/engine.ts";
import { failed } from "../cli/errors.ts";
import { sweepAll } from "../cli/sweep.ts";
import type { Owner } from "../components/shared/labels.ts";
import { type Compose, ensureCompose } from "./compose-binary.ts";
import { requireSame } from "./compose-check.ts";
import { writeComposeFile } from "./compose-file.ts";
import { ROOT } from "./engine.ts";
import { inspectStack } from "./inspected.ts";
import { LocalStack } from "./local-stack.ts";
import { observeMachine } from "./machine.ts";
import { type Command, measure } from "./measure.ts";
import { type Figure, type Report, goal } from "./report.ts";
import { type Spread, ratios, spread } from "./statistics.ts";

/** One way to bring everything up. */
interface Side {
  readonly title: string;
  /** Labels of the containers that it makes. */
  readonly owner: Owner;
  readonly up: Command;
  readonly down: () => Promise<void>;
}

interface UpSample {
  /** Wall time of the command. */
  readonly seconds: number;
  /** From the command's start until Docker calls every container with a health check healthy. */
  readonly healthySeconds: number;
}

const HEALTHY_TIMEOUT_SECONDS = 180;
const POLL_MILLISECONDS = 200;

export async function up(runs: number, watch: Watch): Promise<Omit<Report, "command">> {
  const { say } = watch;
  const stack = await LocalStack.create();
  const composed: Owner = { project: stack.owner.project, stack: `${stack.owner.stack}-compose` };
  try {
    const compose = await ensureCompose(say);
    await sweep(stack.docker, composed);
    say("warm-up: pulumi up, from which the Compose file is read");
    const plain = pulumiSide("`pulumi up --yes`", stack);
    await bringUp(plain, stack, watch);
    const model = await inspectStack(stack.docker, stack.owner);
    const folder = privateFolder(stack);
    const file = await writeComposeFile({ docker: stack.docker, stack: model, target: composed, folder });
    await plain.down();
    const sides: readonly [Side, Side, Side] = [
      plain,
      pulumiSide("`pulumi up --yes --skip-preview`", stack, "--skip-preview"),
      composeSide(compose, file, composed, stack, watch.signal),
    ];
    say("warm-up: docker compose up");
    await bringUp(sides[2], stack, watch);
    requireSame(model, await inspectStack(stack.docker, composed));
    await sides[2].down();

    const finish = observeMachine();
    const samples: UpSample[][] = sides.map(() => []);
    for (let round = 1; round <= runs; round += 1) {
      for (const [index, side] of sides.entries()) {
        say(`run ${round} of ${runs}: ${side.title}`);
        samples[index]?.push(await cycle(side, stack, watch));
      }
    }
    const previews = await measurePreviews(stack, runs, watch);
    const machine = await finish();
    const { figures, goals } = results(sides, samples, previews);
    const notes = [...NOTES, `Docker Compose is ${compose.version}, built from its Go module.`];
    return { bench: "up", machine, runs, figures, goals, notes, samples: { up: samples, previews } };
  } finally {
    say("removing what the bench has made");
    await sweep(stack.docker, composed);
    await stack.remove();
  }
}

function pulumiSide(title: string, stack: LocalStack, ...options: string[]): Side {
  return {
    title,
    owner: stack.owner,
    up: stack.command("up", "--yes", ...options),
    down: () => stack.destroy(),
  };
}

function composeSide(
  compose: Compose,
  file: string,
  owner: Owner,
  stack: LocalStack,
  signal: AbortSignal,
): Side {
  const command = (...args: string[]): Command => ({
    file: compose.file,
    args: ["--file", file, "--progress", "plain", ...args],
    cwd: ROOT,
    env: {},
  });
  const down = command("down", "--volumes");
  return {
    title: "`docker compose up --wait`",
    owner,
    up: command("up", "--wait"),
    down: async () => {
      await measure(down, signal);
      await requireNothing(stack.docker, owner);
    },
  };
}

/** From nothing to healthy and back to nothing. */
async function cycle(side: Side, stack: LocalStack, watch: Watch): Promise<UpSample> {
  await requireNothing(stack.docker, side.owner);
  const sample = await bringUp(side, stack, watch);
  await side.down();
  return sample;
}

async function bringUp(side: Side, stack: LocalStack, { say, signal }: Watch): Promise<UpSample> {
  const started = performance.now();
  const { sample } = await measure(side.up, signal);
  await untilHealthy(stack.docker, side.owner);
  const healthySeconds = (performance.now() - started) / 1000;
  // Outside of what is measured: that both sides really serve, not only say so.
  await stack.checkSite(say);
  return { seconds: sample.seconds, healthySeconds };
}

async function untilHealthy(docker: Docker, owner: Owner): Promise<void> {
  const end = Date.now() + HEALTHY_TIMEOUT_SECONDS * 1000;
  for (;;) {
    const checked = (await docker.containers(owner)).filter(({ health }) => health !== undefined);
    const waiting = checked
      .filter(({ health }) => health !== "healthy")
      .map(({ name, health }) => `${name}: ${health ?? ""}`);
    if (checked.length > 0 && waiting.length === 0) return;
    if (Date.now() > end)
      throw failed(`not healthy after ${HEALTHY_TIMEOUT_SECONDS} s: ${waiting.join(", ")}`);
    await sleep(POLL_MILLISECONDS);
  }
}

async function requireNothing(docker: Docker, owner: Owner): Promise<void> {
  const left = [
    ...(await docker.containers(owner)),
    ...(await docker.volumes(owner)),
    ...(await docker.networks(owner)),
  ];
  if (left.length > 0)
    throw failed(`a run would not start from nothing: ${left.map(({ name }) => name).join(", ")}`);
}

/** Previews of the stack as it runs: each must find nothing to do. */
async function measurePreviews(stack: LocalStack, runs: number, { say, signal }: Watch) {
  say("pulumi up, for the previews");
  await measure(stack.command("up", "--yes", "--skip-preview"), signal);
  const direct = stack.command("preview", "--expect-no-changes");
  const subjects = [
    { title: "`pulumi preview`, nothing to do", command: direct, seconds: [] as number[] },
    {
      title: "`npx pulumi preview`, nothing to do",
      command: { ...direct, file: "npx", args: ["pulumi", ...direct.args] },
      seconds: [] as number[],
    },
  ];
  for (let round = 0; round <= runs; round += 1) {
    for (const { title, command, seconds } of subjects) {
      say(round === 0 ? `warm-up: ${title}` : `run ${round} of ${runs}: ${title}`);
      const { sample } = await measure(command, signal);
      if (round > 0) seconds.push(sample.seconds);
    }
  }
  return subjects.map(({ title, seconds }) => ({ title, seconds }));
}

function results(
  sides: readonly Side[],
  samples: readonly UpSample[][],
  previews: { title: string; seconds: number[] }[],
) {
  const of = (index: number, key: keyof UpSample) => (samples[index] ?? []).map((sample) => sample[key]);
  const measures = [
    { measure: "the command", key: "seconds" },
    { measure: "until Docker calls all healthy", key: "healthySeconds" },
  ] as const;
  const figure = (subject: string, measure: string, unit: Figure["unit"], values: Spread): Figure => ({
    subject,
    measure,
    unit,
    spread: values,
  });
  const absolute = sides.flatMap(({ title }, index) =>
    measures.map(({ measure, key }) => figure(title, measure, "s", spread(of(index, key)))),
  );
  const relative = [0, 1].flatMap((index) =>
    measures.map(({ measure, key }) =>
      figure(
        `ratio: ${sides[index]?.title ?? ""} to Compose`,
        measure,
        "×",
        ratios(of(index, key), of(2, key)),
      ),
    ),
  );
  const idle = previews.map(({ title, seconds }) => figure(title, "the command", "s", spread(seconds)));
  const [ratio, preview] = [relative[0], idle[0]];
  if (!ratio || !preview) throw new Error("nothing was measured");
  const goals = [
    goal("`pulumi up` against `docker compose up --wait`", 2, ratio),
    goal("`pulumi preview` without changes", 3, preview),
  ];
  return { figures: [...absolute, ...relative, ...idle], goals };
}

function privateFolder(stack: LocalStack): string {
  const folder = join(stack.pulumi.folder, "compose");
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

async function sweep(docker: Docker, owner: Owner): Promise<void> {
  await sweepAll(docker, owner, () => undefined);
}

const NOTES = [
  "From no container, volume or network to a site that answers; images are there. After each run everything is removed, " +
    "which is not measured. Both sides have to answer `/` and `/health` over HTTPS.",
  "The Compose file is read back from the running stack: same images, commands, environment, limits, rights, volumes, networks, " +
    "health checks. PostgreSQL and Redis healthy, then the migration, then the api; nginx starts once the names exist, with a fixed configuration.",
  "Pulumi does more: it makes secrets and their files, and its switch asks every container itself and waits until nginx serves the release.",
];
