/** `releases`: one release under load, by `tristack deploy`, by `docker compose up -d`, and by docker-rollout. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Watch } from "../cli/engine.ts";
import { badInput } from "../cli/errors.ts";
import { inspectImages } from "../toolchain/images.ts";
import { removeScratch } from "../test/support/e2e-clone.ts";
import { type Ran, succeeded } from "../test/support/e2e-command.ts";
import { HEAVY, Load } from "../test/support/e2e-load.ts";
import { deploy, imageOf, tagVersions, untagVersions } from "../test/support/e2e-releases.ts";
import { freePort } from "../test/support/free-port.ts";
import { type Workspace, started } from "../test/support/e2e-workspace.ts";
import { ask } from "../test/support/e2e-http.ts";
import { ensureCompose } from "./compose-binary.ts";
import { HandWritten } from "./hand-written.ts";
import { observeMachine } from "./machine.ts";
import { type Figure, type Report, goal } from "./report.ts";
import { ratios, spread } from "./statistics.ts";

interface Sample {
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
}

interface Side {
  readonly title: string;
  readonly origin: string;
  readonly release: (version: string) => Promise<Ran>;
}

/** Seconds of load before and after a release, so that connections are open at its beginning and tried after its end. */
const AROUND = 3;
const VERSIONS = ["r1", "r2"];

export async function releases(
  runs: number,
  { say }: Watch,
  script: string | undefined,
): Promise<Omit<Report, "command">> {
  if (script === undefined || !existsSync(script))
    throw badInput(
      "--docker-rollout is missing; needs the path of docker-rollout's script, which is not a part of this project",
    );
  let site: Workspace | undefined;
  let compose: HandWritten | undefined;
  try {
    const binary = await ensureCompose(say);
    say("bringing up the stack");
    site = await started("bench", (workspace) =>
      workspace.change((settings) => settings.set(["services", "api", "migrate"], undefined)),
    );
    await migrate(site);
    await tagVersions(["v0", ...VERSIONS]);
    await site.change((settings) => settings.set(["release"], undefined));
    const own = site;
    const httpsPort = await freePort();
    const images = await inspectImages();
    compose = new HandWritten({
      folder: await site.folder("compose"),
      project: "tristack-bench-compose",
      httpsPort,
      images: {
        nginx: images.nginx.reference,
        postgres: images.postgres.reference,
        redis: images.redis.reference,
        certbot: images.certbot.reference,
      },
      imageOf,
      plugins: { "docker-compose": binary.file, "docker-rollout": script },
    });
    const hand = compose;
    say("bringing up the Compose file");
    succeeded(await hand.sign());
    await bringUp(hand, `https://localhost:${httpsPort}`);
    const sides: readonly [Side, Side, Side] = [
      {
        title: "`tristack deploy --bake 0`",
        origin: site.origin,
        release: (version) => deploy(own, version, "--bake", "0"),
      },
      {
        title: "`docker compose up -d`",
        origin: `https://localhost:${httpsPort}`,
        release: (version) => composeUp(hand, version),
      },
      {
        title: "docker-rollout",
        origin: `https://localhost:${httpsPort}`,
        release: (version) => rollOut(hand, version),
      },
    ];
    const finish = observeMachine();
    const samples: Sample[][] = sides.map(() => []);
    for (let round = 0; round <= runs; round += 1) {
      for (const [index, side] of sides.entries()) {
        say(round === 0 ? `warm-up: ${side.title}` : `run ${round} of ${runs}: ${side.title}`);
        const sample = await underLoad(side, versionOf(round, index));
        if (round > 0) samples[index]?.push(sample);
      }
    }
    const quiet: number[] = [];
    for (let round = 1; round <= runs; round += 1) {
      say(`run ${round} of ${runs}: ${sides[0].title}, with nobody on the site`);
      quiet.push(succeeded(await sides[0].release(versionOf(runs + round, 0))).seconds);
    }
    const machine = await finish();
    const { figures, goals } = results(sides, samples, quiet);
    const notes = [...NOTES, `Docker Compose is ${binary.version}, built from its Go module.`];
    return { bench: "releases", machine, runs, figures, goals, notes, samples };
  } finally {
    say("removing what the bench has made");
    await compose?.docker("compose", "down", "--volumes");
    await untagVersions(["v0", ...VERSIONS]).catch(() => undefined);
    await site?.dispose();
    await removeScratch();
  }
}

/** Compose and docker-rollout share their containers, and each of their turns has to bring another version than what runs. */
function versionOf(round: number, index: number): string {
  return VERSIONS[index === 0 ? round % 2 : index - 1] ?? "";
}

/** Migrations are not measured: both sides get theirs here. */
async function migrate(site: Workspace): Promise<void> {
  const api = await site.run("docker", ["ps", "--quiet", "--filter", "label=dev.tristack.service=api"]);
  const [id = ""] = api.stdout.split("\n");
  succeeded(await site.run("docker", ["exec", id, "python", "-m", "alembic", "upgrade", "head"]));
}

async function bringUp(hand: HandWritten, origin: string): Promise<void> {
  hand.write("v0");
  succeeded(await hand.docker("compose", "up", "--detach", "--wait"));
  succeeded(await hand.docker("compose", "exec", "-T", "api", "python", "-m", "alembic", "upgrade", "head"));
  const answer = await ask(`${origin}/api/items`);
  if (answer.status !== 200) throw new Error(`the Compose file does not serve: ${answer.status}`);
}

function composeUp(hand: HandWritten, version: string): Promise<Ran> {
  hand.write(version);
  return hand.docker("compose", "up", "--detach", "--wait", "web", "api");
}

/** One service after the other, as its README says. */
async function rollOut(hand: HandWritten, version: string): Promise<Ran> {
  hand.write(version);
  const web = succeeded(await hand.docker("rollout", "web"));
  const api = succeeded(await hand.docker("rollout", "api"));
  return { ...api, seconds: web.seconds + api.seconds };
}

async function underLoad(side: Side, version: string): Promise<Sample> {
  const load = new Load(side.origin, HEAVY);
  try {
    await sleep(AROUND * 1000);
    const ran = succeeded(await side.release(version));
    await sleep(AROUND * 1000);
    const { requests, failures } = await load.stop();
    return { seconds: ran.seconds, requests, failed: failures.length };
  } finally {
    await load.stop();
  }
}

function results(sides: readonly Side[], samples: readonly Sample[][], quiet: readonly number[]) {
  const of = (index: number, key: keyof Sample) => (samples[index] ?? []).map((sample) => sample[key]);
  const figure = (
    subject: string,
    measure: string,
    unit: Figure["unit"],
    values: readonly number[],
  ): Figure => ({
    subject,
    measure,
    unit,
    spread: spread(values),
  });
  const absolute = sides.flatMap(({ title }, index) => [
    figure(title, "the release", "s", of(index, "seconds")),
    figure(title, "failed requests", "requests", of(index, "failed")),
    figure(title, "of", "requests", of(index, "requests")),
  ]);
  const relative = [1, 2].map((index) => ({
    subject: `ratio: to ${sides[index]?.title ?? ""}`,
    measure: "the release",
    unit: "×" as const,
    spread: ratios(of(0, "seconds"), of(index, "seconds")),
  }));
  const alone = figure("`tristack deploy --bake 0`, nobody on the site", "the release", "s", quiet);
  const [, failed] = absolute;
  const slowest = relative.toSorted((a, b) => b.spread.median - a.spread.median)[0];
  if (!failed || !slowest) throw new Error("nothing was measured");
  const goals = [
    goal("failed requests of a release", 0, failed),
    goal("a release against the faster of the others", 2, slowest),
    goal("a release of four containers, without migrations and bake", 25, alone),
  ];
  return { figures: [...absolute, alone, ...relative], goals };
}

const NOTES = [
  "Two web and two api containers of the sample application are replaced by another version, with 50 keep-alive clients on the site: " +
    "40 of short GETs and POSTs, 10 of requests of 10 s. Images are there; no migrations, no bake.",
  "The Compose file is what one writes by hand: same images, health checks and limits, 40 s to stop, nginx that asks Docker's DNS every second. " +
    "`up -d` (here with `--wait`, until they are healthy) replaces containers in place; docker-rollout (v0.9, its own script) starts new ones, waits until they are healthy and removes the old.",
  "Under load a release waits for the requests of 10 s that its predecessor has begun: that is in all three. With nobody on the site there are none.",
  "`tristack deploy` also checks images, memory and disk, previews, switches nginx and waits until it confirms, keeps static files, and writes the ledger.",
];
