/** What a release means for those who are on the site: open connections, and pages that were loaded before it. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run, succeeded } from "../../support/e2e-command.ts";
import { openEvents } from "../../support/e2e-events.ts";
import { Load, figures } from "../../support/e2e-load.ts";
import {
  deploy,
  imageOf,
  servedRelease,
  serving,
  tagVersions,
  untagVersions,
} from "../../support/e2e-releases.ts";
import { openWebSocket } from "../../support/e2e-websocket.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

const VERSIONS = ["a1", "a2", "a3", "a4", "a5", "a6"];
/** Seconds that a connection may go on after the switch. */
const DRAIN = 20;
/** Of them, those that the application itself keeps for its end. */
const LAST = 4;

describe("visitors", () => {
  let site: Workspace;

  before(async () => {
    site = await started("visitors", (workspace) =>
      workspace.change((settings) => {
        for (const service of ["web", "api"]) {
          settings.set(["services", service, "drain"], `${DRAIN}s`);
          // What the application itself knows of it: it ends before it is killed.
          settings.set(["services", service, "environment", "DRAIN_SECONDS"], String(DRAIN - 1));
        }
      }),
    );
    await tagVersions(["base", ...VERSIONS]);
    await site.change((settings) => settings.set(["release"], undefined));
  });
  after(async () => {
    await site?.dispose();
    await untagVersions(["base", ...VERSIONS]);
  });

  it("with a websocket or a stream of events keep them through a release, for as long as the drain lasts", async () => {
    const socket = await openWebSocket(`${site.origin}/api/ws`);
    const events = await openEvents(`${site.origin}/api/web/events`);
    const heard: number[] = [];
    const talking = talk();
    const switched = nextRelease();
    succeeded(await deploy(site, "base", "--bake", "0"));
    const at = await switched;
    const [socketClosed, eventsEnded] = await Promise.all([socket.closed, events.ended]);
    await talking;
    const lived = (moment: number) => (moment - at) / 1000;
    const last = { socket: lived(heard.at(-1) ?? 0), events: lived(events.ticks.at(-1) ?? 0) };
    console.log(
      `      after the switch: websocket open ${lived(socketClosed).toFixed(1)} s, last answer at ${last.socket.toFixed(1)} s; ` +
        `events open ${lived(eventsEnded).toFixed(1)} s, last one at ${last.events.toFixed(1)} s`,
    );
    assert.ok(last.socket >= DRAIN - LAST, `the websocket answered until ${last.socket} s after the switch`);
    assert.ok(last.events >= DRAIN - LAST, `events came until ${last.events} s after the switch`);

    async function talk(): Promise<void> {
      for (let turn = 0; ; turn += 1) {
        socket.send(`turn ${turn}`);
        const answer = await socket.next().catch(() => undefined);
        if (answer === undefined) return;
        assert.match(answer, new RegExp(`turn ${turn}`));
        heard.push(Date.now());
        await sleep(500);
      }
    }

    /** The moment at which another release answers. */
    async function nextRelease(): Promise<number> {
      const before = await servedRelease(site);
      while ((await servedRelease(site)) === before) await sleep(200);
      return Date.now();
    }
  });

  it("find the files of the last five releases, and no older ones", async () => {
    const load = new Load(site.origin);
    for (const version of VERSIONS) await buildWith(version);
    for (const [index, version] of VERSIONS.entries()) {
      succeeded(await deploy(site, version, "--bake", "0"));
      const answers = await Promise.all(VERSIONS.slice(0, index + 1).map((one) => site.ask(fileOf(one))));
      const expected = VERSIONS.slice(0, index + 1).map((_, at) => (at > index - 5 ? 200 : 404));
      assert.deepEqual(
        answers.map(({ status }) => status),
        expected,
        `after ${version}`,
      );
      const [newest] = answers.slice(-1);
      assert.equal(newest?.body.toString(), `/* ${version} */`);
      assert.equal(newest?.headers["cache-control"], "public, max-age=31536000, immutable");
    }
    const report = await load.stop();
    console.log(`      ${figures(report)}`);
    assert.deepEqual(report.failures, []);
    assert.equal((await serving()).length, 4);
  });

  function fileOf(version: string): string {
    return `/_next/static/chunks/page-${version}.js`;
  }

  /** The image of the web with one static file more, whose name only this version has. */
  async function buildWith(version: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "tristack-assets-"));
    await writeFile(join(folder, "page.js"), `/* ${version} */`);
    await writeFile(
      join(folder, "Dockerfile"),
      `FROM ${imageOf("web", "base")}\nCOPY page.js /app/.next/static/chunks/page-${version}.js\n`,
    );
    const args = ["build", "--tag", imageOf("web", version), "."];
    succeeded(await run("docker", args, { cwd: folder, env: { DOCKER_BUILDKIT: "0" } }));
    await rm(folder, { recursive: true });
  }
});
