/** Releases one after the other, and the ways back, with 50 clients on the site all the time. */
import assert from "node:assert/strict";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { containerOf, docker } from "../../support/e2e-engine.ts";
import { killCommand } from "../../support/e2e-kill.ts";
import { ask } from "../../support/e2e-http.ts";
import { HEAVY, Load, type LoadReport, figures } from "../../support/e2e-load.ts";
import {
  deploy,
  imageOf,
  resultOf,
  rollback,
  servedRelease,
  serving,
  servingIds,
  tagVersions,
  untagVersions,
} from "../../support/e2e-releases.ts";
import { FULL, itFully } from "../../support/e2e-tier.ts";
import { Workspace, started } from "../../support/e2e-workspace.ts";

/** As many as are kept, and one more; in CI three. */
const VERSIONS = Array.from({ length: FULL ? 6 : 3 }, (_, index) => `v${index + 1}`);
const LAST = VERSIONS.at(-1) ?? "";
/** Those that can be gone back to from the last one, newest first. */
const EARLIER = FULL ? VERSIONS.slice(-5, -1).toReversed() : VERSIONS.slice(0, 1);
const OLDEST = EARLIER.at(-1) ?? "";
/** One that is killed on its way. */
const NEXT = "v9";
/** One that comes to visitors who click every few seconds. */
const CALM = "v10";
/** One that comes to visitors who wait for their answers. */
const AWAITED = "v11";
const GENERATION = ["services", "web", "environment", "GENERATION"];
/** Seconds in which a rollback has to be done: the settings' own health timeout is 30. */
const ROLLBACK_LIMIT = 60;

describe("releases", () => {
  let site: Workspace;
  /** Ids by version, as first released. */
  const ids: Record<string, string> = {};

  before(async () => {
    site = await started("releases");
    await tagVersions([...VERSIONS, NEXT, CALM, AWAITED]);
    await site.change((settings) => settings.set(["release"], undefined));
  });
  after(async () => {
    await untagVersions([...VERSIONS, NEXT, CALM, AWAITED]);
    await site?.dispose();
  });

  /** Something with the site under load: no request may fail. */
  async function underLoad<T>(work: () => Promise<T>): Promise<T> {
    const load = new Load(site.origin, HEAVY);
    let report: LoadReport | undefined;
    try {
      return await work();
    } finally {
      report = await load.stop();
      console.log(`      ${figures(report)}`);
      assert.deepEqual(report.failures, []);
      assert.deepEqual(report.unexpected, []);
      assert.ok(report.requests > 500 && report.posts > 100 && report.long >= 10, figures(report));
    }
  }

  /** Each release has settings of its own: a variable, and the body limit of nginx. */
  async function release(version: string, ...more: string[]) {
    const number = Number(version.slice(1));
    await site.change((settings) => {
      settings.set(GENERATION, version);
      settings.set(["proxy", "bodyLimit"], `${number}MiB`);
    });
    const ran = succeeded(await deploy(site, version, ...more));
    const result = resultOf(ran);
    console.log(`      ${version}: ${ran.seconds.toFixed(1)} s, ${JSON.stringify(result.lastDeploy.proof)}`);
    assert.equal(result.lastDeploy.proof.failed, 0);
    assert.ok(result.lastDeploy.proof.requests > 10);
    ids[version] = result.releaseId ?? "";
    await serves(version);
    return result;
  }

  /** Containers, their variables and nginx's configuration are those of the version, and of no other. */
  async function serves(version: string): Promise<void> {
    assert.equal(await servedRelease(site), ids[version]);
    const running = await serving();
    assert.deepEqual(
      running.map((one) => one.Config.Image.split(":").pop()),
      Array(4).fill(version),
    );
    const webs = running.filter((one) => one.Config.Image.includes("/web:"));
    assert.ok(webs.every((one) => one.Config.Env?.includes(`GENERATION=${version}`)));
    const configuration = await docker(
      "exec",
      (await containerOf("proxy")).Id,
      "sh",
      "-c",
      "cat /run/tristack/live/nginx.conf",
    );
    assert.match(configuration, new RegExp(`client_max_body_size ${version.slice(1)}m;`));
  }

  async function goBackTo(version: string): Promise<void> {
    const ran = succeeded(await rollback(site, version));
    console.log(`      back to ${version}: ${ran.seconds.toFixed(1)} s`);
    assert.ok(ran.seconds < ROLLBACK_LIMIT, `${ran.seconds} s`);
    await serves(version);
  }

  it("are refused while the settings name one", async () => {
    await site.change((settings) => settings.set(["release"], { version: "v1" }));
    assert.match(ended(await deploy(site, "v2"), 2).all, /Pulumi\.local\.yaml names a release/);
    await site.change((settings) => settings.set(["release"], undefined));
  });

  it("come one after the other without a failed request", () =>
    underLoad(async () => {
      for (const version of VERSIONS.slice(0, -1)) await release(version, "--bake", "0");
    }));

  it("leave the one before running until their bake has passed", () =>
    underLoad(async () => {
      const before = await servingIds();
      const deploying = release(LAST, "--bake", "8");
      let together = 0;
      let done = false;
      void deploying.finally(() => (done = true)).catch(() => undefined);
      while (!done) {
        const now = await serving();
        const old = now.filter((one) => before.includes(one.Id));
        if ((await servedRelease(site)).startsWith(`${LAST}-`) && old.length === before.length) together += 1;
        await sleep(500);
      }
      await deploying;
      assert.ok(together >= 3, `both releases were seen together ${together} times after the switch`);
    }));

  itFully("keep the images of the last five, and remove older ones", async () => {
    const images = (await docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")).split("\n");
    assert.ok(!images.includes(imageOf("web", "v1")) && !images.includes(imageOf("api", "v1")));
    for (const version of VERSIONS.slice(1)) assert.ok(images.includes(imageOf("web", version)), version);
  });

  it("are listed, newest first", async () => {
    const { releases } = JSON.parse(
      succeeded(await site.tristack(["releases", "local", "--json"])).stdout,
    ) as {
      releases: { version: string; running: boolean; imagesKept: boolean; by: string }[];
    };
    assert.deepEqual(
      releases.map((one) => one.version),
      VERSIONS.toReversed(),
    );
    assert.deepEqual(
      releases.filter((one) => one.running).map((one) => one.version),
      [LAST],
    );
    assert.equal(releases.filter((one) => one.imagesKept).length, Math.min(5, VERSIONS.length));
    assert.ok(releases.every((one) => one.by.includes("@")));
  });

  it("can be gone back to, each of the last five, with variables and nginx's configuration", () =>
    underLoad(async () => {
      for (const version of EARLIER) await goBackTo(version);
    }));

  itFully("can be gone back to with nobody on the site, which is what the time is measured by", async () => {
    for (const version of [LAST, ...EARLIER]) await goBackTo(version);
  });

  it("stay gone back to through a plain pulumi up, whatever the file says", async () => {
    const before = await servingIds();
    succeeded(await site.pulumi(["preview", "--stack", "local", "--expect-no-changes"]));
    succeeded(await site.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"]));
    assert.deepEqual(await servingIds(), before);
    await serves(OLDEST);
    const status = JSON.parse(succeeded(await site.tristack(["status", "local", "--json"])).stdout) as {
      release: { version: string; restored: boolean };
    };
    assert.deepEqual([status.release.version, status.release.restored], [OLDEST, true]);
  });

  it("stay gone back to through a plain pulumi up from another fresh clone, too", async () => {
    const before = await servingIds();
    const clone = await Workspace.beside("releases-again");
    try {
      // What is shared by those who work on one stack: its settings, as they were before the rollback, and its state.
      await cp(join(site.root, "Pulumi.local.yaml"), join(clone.root, "Pulumi.local.yaml"));
      clone.exports = site.exports;
      succeeded(await clone.pulumi(["preview", "--stack", "local", "--expect-no-changes"]));
      succeeded(await clone.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"]));
    } finally {
      await rm(clone.root, { recursive: true, force: true });
    }
    assert.deepEqual(await servingIds(), before);
    await serves(OLDEST);
  });

  it("go forward again from there, to the end though nobody reads what is said any more", async () => {
    const piped = 'node_modules/.bin/tristack deploy local --version "$0" --bake 0 2>&1 | head -n 3';
    const ran = await site.run("bash", ["-c", `${piped}; exit "\${PIPESTATUS[0]}"`, LAST]);
    assert.equal(succeeded(ran).stdout.split("\n").length, 3);
    await serves(LAST);
  });

  it("without a name go back to the last good one", async () => {
    assert.equal(resultOf(succeeded(await rollback(site))).version, OLDEST);
    await serves(OLDEST);
  });

  it("are refused by name where there is no such release", async () => {
    assert.match(
      ended(await rollback(site, "v99"), 2).all,
      new RegExp(`no release v99 in its ledger; needs one of: ${LAST}`),
    );
    assert.match(ended(await rollback(site, OLDEST), 2).all, new RegExp(`runs ${OLDEST} already`));
  });

  it("call commands before and after, which know what it is about; a failing one before stops it all", async () => {
    const told = join(await site.folder("hooks"), "told");
    const hook = (name: string, end = "true") => [
      "sh",
      "-c",
      `echo "${name} $TRISTACK_STACK $TRISTACK_VERSION $TRISTACK_PREVIOUS $TRISTACK_RESULT" >> ${told}; ${end}`,
    ];
    const hooks = ["delivery", "hooks"];
    const before = await servingIds();
    await site.change((settings) =>
      settings.set(hooks, {
        before: hook("before", "echo closed for today >&2; exit 7"),
        failure: hook("failure"),
      }),
    );
    const stopped = ended(await deploy(site, LAST, "--bake", "0"), 1);
    assert.match(stopped.all, /the hook before \(sh\) failed, exit code 7:\nclosed for today/);
    assert.deepEqual(await servingIds(), before);
    await site.change((settings) => settings.set(hooks, { before: hook("before"), after: hook("after") }));
    await release(LAST, "--bake", "0");
    await site.change((settings) => settings.set(hooks, undefined));
    const lines = (await readFile(told, "utf8")).trim().split("\n");
    assert.deepEqual(
      lines.map((line) => line.trimEnd()),
      [
        `before local ${LAST} ${OLDEST}`,
        `before local ${LAST} ${OLDEST}`,
        `after local ${LAST} ${OLDEST} passed`,
      ],
    );
    resultOf(succeeded(await rollback(site, OLDEST)));
  });

  it("hold the stack: a second one is refused and told who has it", async () => {
    // Another checkout, as far as the lock of this one is concerned; made first, since that can take longer than a release.
    const other = await site.folder("other");
    succeeded(await site.run("cp", ["-a", `${site.root}/.`, other]));
    await site.run("rm", ["-rf", `${other}/.tristack/locks`]);
    const first = release(LAST, "--bake", "10");
    while (!(await servedRelease(site)).startsWith(`${LAST}-`)) await sleep(300);
    const refused = await site.run(`${other}/node_modules/.bin/tristack`, ["rollback", "local"], {
      cwd: other,
    });
    assert.equal(refused.exitCode, 1, refused.all);
    assert.match(refused.all, /is held: tristack deploy by \S+@\S+ \(pid \d+\) since 20/);
    await first;
  });

  itFully(
    "that are killed during the bake leave the site serving, and the next one puts things in order",
    () =>
      underLoad(async () => {
        await site.change((settings) => settings.set(GENERATION, "killed"));
        const killed = deploy(site, NEXT, "--bake", "60");
        while (!(await servedRelease(site)).startsWith(`${NEXT}-`)) await sleep(300);
        await sleep(1000);
        assert.ok(await killCommand(site.root), "there was a tristack to kill");
        await killed;
        await release(LAST, "--bake", "0");
      }),
  );

  it("show a page during maintenance, and the site afterwards", async () => {
    succeeded(await site.tristack(["maintenance", "on", "local"]));
    const page = await site.ask("/");
    assert.equal(page.status, 503);
    assert.match(page.body.toString(), /Back soon/);
    assert.equal(page.headers["retry-after"], "60");
    succeeded(await site.tristack(["maintenance", "off", "local"]));
    assert.equal((await site.ask("/")).status, 200);
  });

  it("tell their proof in the outputs", async () => {
    const outputs = JSON.parse(succeeded(await site.tristack(["outputs", "local", "--json"])).stdout) as {
      status: { lastDeploy: { version: string; passed: boolean; proof: { requests: number } } };
    };
    const { version, passed, proof } = outputs.status.lastDeploy;
    assert.deepEqual([version, passed], [LAST, true]);
    assert.ok(proof.requests > 0);
  });

  it("are previewed where more than the release and its containers has changed, and nowhere else", async () => {
    await site.change((settings) => settings.set(GENERATION, "not previewed"));
    const same = succeeded(await deploy(site, NEXT, "--bake", "0"));
    assert.match(same.all, /Preflight: images$/m);
    assert.doesNotMatch(same.all, /preview/);
    await site.change((settings) => settings.set(["delivery", "maxErrors"], 2));
    const other = succeeded(await deploy(site, LAST, "--bake", "0"));
    assert.match(other.all, /Preflight: images, preview$/m);
  });

  it("fail no request on a connection that was idle at the switch, whose containers are stopped before it goes on", async () => {
    // Less than nginx keeps such a connection for, and longer than a release without a bake keeps its predecessor.
    const load = new Load(site.origin, { clients: 60, pause: 9000, long: 0 });
    try {
      await sleep(5000);
      succeeded(await deploy(site, CALM, "--bake", "0"));
      await sleep(10_000);
    } finally {
      const report = await load.stop();
      console.log(`      ${figures(report)}`);
      assert.deepEqual([report.failures, report.unexpected], [[], []]);
    }
  });

  it("stop no container before what nginx waits for has been answered, where that takes seconds", async () => {
    const since = Date.now();
    const before = await servedRelease(site);
    const old = await serving();
    const asked: Promise<number>[] = [];
    let over = false;
    // Less than the five seconds that the switch waits for.
    const asking = (async () => {
      for (; !over; await sleep(200)) asked.push(answeredBy(before, "/api/slow?ms=2500"));
    })();
    try {
      succeeded(await deploy(site, AWAITED, "--bake", "0"));
    } finally {
      over = true;
      await asking;
    }
    const last = Math.max(...(await Promise.all(asked)));
    const stopped = Math.min(
      ...(await stops(since)).filter(({ id }) => old.some((one) => one.Id === id)).map(({ at }) => at),
    );
    console.log(
      `      ${asked.length} requests of 2.5 s; stopped ${Math.round(stopped - last)} ms after the last old answer`,
    );
    assert.ok(
      last > since && last <= stopped && Number.isFinite(stopped),
      `${last - since}, ${stopped - since}`,
    );
  });

  /** When it was answered; 0 where another release did so. */
  async function answeredBy(release: string, path: string): Promise<number> {
    const { status, headers } = await ask(`${site.origin}${path}`, { timeoutSeconds: 30 });
    assert.equal(status, 200);
    return headers["x-tristack-release"] === release ? Date.now() : 0;
  }
});

/** The containers that were told to stop, and when, in milliseconds since 1970. */
async function stops(since: number): Promise<{ id: string; at: number }[]> {
  const seconds = (at: number) => String(at / 1000);
  const format = "{{.Actor.ID}} {{.TimeNano}}";
  const range = ["--since", seconds(since), "--until", seconds(Date.now())];
  const lines = await docker("events", ...range, "--filter", "event=kill", "--format", format);
  return lines
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([id = "", nano]) => ({ id, at: Number(nano) / 1e6 }));
}
