/** What happens to a machine: a deploy that is killed in each of its phases, Docker restarted, the disk filled. */
import assert from "node:assert/strict";
import { rm, statfs } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureDocker } from "../../../toolchain/docker.ts";
import { type Ran, ended, run, succeeded } from "../../support/e2e-command.ts";
import { containers, docker, inside, leftovers } from "../../support/e2e-engine.ts";
import { saveFigures } from "../../support/e2e-figures.ts";
import { killCommand, killEngines } from "../../support/e2e-kill.ts";
import { Load, figures } from "../../support/e2e-load.ts";
import {
  deploy,
  resultOf,
  servedRelease,
  serving,
  tagVersions,
  untagVersions,
} from "../../support/e2e-releases.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

/** Titles of the steps of a deploy, as they are shown. */
const PHASES = ["Preflight", "Bringing", "Watching", "Stopping", "Recording"] as const;
/** Seconds within which the site has to answer again. */
const AGAIN = 60;
const VERSIONS = ["k0", ...PHASES.map((_, index) => `k${index + 1}`), "after", "tight", "late"];
/** Where a file of any size can be made at once, on Docker's own disk. */
const FILLER = "/var/lib/docker/tristack-e2e-filler";

describe("a machine on which things go wrong", () => {
  let site: Workspace;
  const told: Record<string, unknown> = {};

  before(async () => {
    site = await started("faults");
    await tagVersions(VERSIONS);
    await site.change((settings) => settings.set(["release"], undefined));
    succeeded(await deploy(site, "k0", "--bake", "0"));
  });
  after(async () => {
    await rm(FILLER, { force: true });
    await untagVersions(VERSIONS);
    await site?.dispose();
    if (Object.keys(told).length > 0) await saveFigures("faults", told);
  });

  /** Nothing is left of anything else, and the version serves. */
  async function converged(version: string): Promise<void> {
    assert.match(await servedRelease(site), new RegExp(`^${version}-`));
    const images = (await serving()).map((one) => one.Config.Image.split(":").pop());
    assert.deepEqual(images, Array(4).fill(version));
    succeeded(await site.pulumi(["preview", "--stack", "local", "--expect-no-changes"]));
  }

  /** Seconds until the site answers. */
  async function untilServing(): Promise<number> {
    const began = Date.now();
    for (;;) {
      const answer = await site.ask("/api/items").catch(() => undefined);
      const seconds = (Date.now() - began) / 1000;
      if (answer?.status === 200) return seconds;
      assert.ok(seconds < AGAIN, `no answer for ${seconds} s`);
      await sleep(200);
    }
  }

  for (const [index, phase] of PHASES.entries()) {
    it(`kill -9 of a deploy and its engine in the phase "${phase}"`, async () => {
      const version = `k${index + 1}`;
      const load = new Load(site.origin);
      const ran = await killedIn(phase, version);
      assert.notEqual(ran.exitCode, 0, "it was killed");
      const again = await untilServing();
      const next = succeeded(await deploy(site, version, "--bake", "3"));
      assert.equal(resultOf(next).lastDeploy.passed, true);
      const report = await load.stop();
      console.log(`      the next deploy ${next.seconds.toFixed(1)} s; ${figures(report)}`);
      told[`kill in ${phase}`] = {
        again,
        nextSeconds: next.seconds,
        requests: report.requests,
        failed: report.failures.length,
      };
      assert.deepEqual(report.failures, []);
      await converged(version);
    });
  }

  /** Starts a deploy, waits for a step of it, and kills everything that works on it. */
  async function killedIn(phase: string, version: string): Promise<Ran> {
    const controller = new AbortController();
    let seen = false;
    const deploying = site.tristack(["deploy", "local", "--version", version, "--bake", "6", "--json"], {
      onLine: (line) => (seen ||= line.includes(phase)),
    });
    void deploying.finally(() => controller.abort());
    while (!seen && !controller.signal.aborted) await sleep(20);
    assert.ok(seen, `no step ${phase}`);
    // The last one takes a second.
    await sleep(Math.random() * (phase === "Recording" ? 300 : 1500));
    await killCommand(site.root);
    await killEngines(site.root);
    return deploying;
  }

  it("Docker's daemon is killed and started again", async () => {
    const before = (await serving()).map((one) => one.Id).sort();
    await run("pkill", ["-KILL", "-x", "dockerd"], { cwd: "/" });
    await sleep(2000);
    const began = Date.now();
    await ensureDocker();
    const again = await untilServing();
    const seconds = (Date.now() - began) / 1000;
    console.log(`      serving ${again.toFixed(1)} s after Docker answered, ${seconds.toFixed(1)} s in all`);
    told["docker restart"] = { again, seconds };
    assert.deepEqual((await serving()).map((one) => one.Id).sort(), before, "the same containers");
    succeeded(await deploy(site, "after", "--bake", "0"));
    await converged("after");
  });

  it("the disk is at 95 %: it serves, a deploy warns and passes; without room it is refused", async () => {
    await fill(95.5);
    assert.equal(
      (await site.ask("/api/items", { method: "POST", json: { title: "full disk" } })).status,
      201,
    );
    const result = resultOf(succeeded(await deploy(site, "tight", "--bake", "0")));
    assert.match(result.warnings.join("\n"), /disk is 9\d % full/);
    await converged("tight");
    await fill(99.9);
    const refused = ended(await deploy(site, "late", "--bake", "0"), 1);
    assert.match(refused.all, /disk: \d+ MiB are free .* needs 512 MiB/);
    await rm(FILLER, { force: true });
    await converged("tight");
    succeeded(await deploy(site, "late", "--bake", "0"));
    await converged("late");
  });

  /** Takes so much of the disk that this share of it is used. */
  async function fill(percent: number): Promise<void> {
    await rm(FILLER, { force: true });
    const { blocks, bavail, bfree, bsize } = await statfs("/var/lib/docker");
    // As df counts: what only root may use is in neither part.
    const usable = blocks - (bfree - bavail);
    const bytes = Math.floor((bavail - usable * (1 - percent / 100)) * bsize);
    succeeded(await run("fallocate", ["--length", String(bytes), FILLER], { cwd: "/" }));
  }

  it("leaves nothing behind that nobody knows", async () => {
    assert.ok((await leftovers()).containers.length > 0);
    assert.equal((await containers()).filter((one) => one.State.Status === "dead").length, 0);
    assert.equal(
      await inside("proxy", "sh", "-c", "nginx -t -q -c /run/tristack/live/nginx.conf 2>&1 && echo ok"),
      "ok",
    );
    await docker("version");
  });
});
