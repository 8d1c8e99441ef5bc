/** `tristack deploy`, `rollback` and what tells of them, on a real cluster: as on a host, with the same proof. */
import assert from "node:assert/strict";
import { ClusterSite, kubectlIn } from "../../support/e2e-cluster.ts";
import { type Ran, ended, succeeded } from "../../support/e2e-command.ts";
import { killEngine } from "../../support/e2e-kill.ts";
import { HEAVY, Load, figures } from "../../support/e2e-load.ts";
import { resultOf } from "../../support/e2e-releases.ts";
import { until } from "../../support/e2e-until.ts";

const STACK = "till";
const cluster = kubectlIn(STACK);

describe("releases on a cluster", () => {
  let site: ClusterSite;

  before(async () => {
    site = await ClusterSite.create({ stack: STACK });
    await site.change(["release"], undefined);
    await site.tag("v1", "v2", "v3");
  });
  after(() => site?.dispose());

  const tristack = (...args: string[]): Promise<Ran> =>
    site.workspace.tristack(args, { timeoutSeconds: 900 });
  const deploy = (version: string, ...more: string[]) =>
    tristack("deploy", STACK, "--version", version, "--bake", "3", "--json", ...more);

  /** With 50 clients on the site: no request may fail. */
  async function underLoad<T>(work: () => Promise<T>): Promise<T> {
    const load = new Load(site.origin, HEAVY);
    try {
      return await work();
    } finally {
      const report = await load.stop();
      console.log(`      ${figures(report)}`);
      assert.deepEqual(report.failures, []);
      assert.deepEqual(report.unexpected, []);
    }
  }

  it("brings the first release", async () => {
    const result = resultOf(succeeded(await deploy("v1")));
    assert.equal(result.lastDeploy.passed, true);
    assert.equal(result.runs, "v1");
    assert.equal(await site.runs(), "v1");
  });

  it("brings the next one without a failed request, and proves it", async () => {
    const ran = await underLoad(async () => succeeded(await deploy("v2")));
    const { lastDeploy, runs } = resultOf(ran);
    console.log(`      ${ran.seconds.toFixed(1)} s, ${JSON.stringify(lastDeploy.proof)}`);
    assert.equal(runs, "v2");
    assert.equal(lastDeploy.proof.failed, 0);
    assert.ok(lastDeploy.proof.requests > 10);
    assert.equal(await site.runs(), "v2");
  });

  it("goes back by itself from a release that crashes, and says why", async () => {
    await site.change(["services", "api", "environment"], { FAULT: "crash" });
    const ran = await underLoad(async () => ended(await deploy("v3"), 1));
    const { lastDeploy, runs } = resultOf(ran);
    console.log(`      ${ran.seconds.toFixed(1)} s, ${JSON.stringify(lastDeploy.proof)}`);
    assert.equal(runs, "v2");
    assert.equal(lastDeploy.passed, false);
    assert.match(lastDeploy.reason ?? "", /^api-\S+: .*restarted \d+ times? \(exit code 1\)/);
    assert.match(ran.all, /FAULT=crash: exiting with 1/, "the end of its log");
    assert.equal(await site.runs(), "v2");
    await site.change(["services", "api", "environment"], {});
  });

  it("changes nothing by a plain update afterwards, and has taken nothing away that the pods need", async () => {
    succeeded(await site.preview());
    succeeded(await site.preview("--refresh"));
  });

  it("goes back to an earlier release from the ledger, without its migration", async () => {
    succeeded(await deploy("v3"));
    const { runs } = resultOf(
      await underLoad(async () => succeeded(await tristack("rollback", STACK, "v1", "--json"))),
    );
    assert.equal(runs, "v1");
    assert.equal(await site.runs(), "v1");
    assert.equal((await cluster("get", "jobs", "--output", "name")).trim(), "");
    ended(await tristack("rollback", STACK, "v1"), 2);
    ended(await tristack("rollback", STACK, "v77"), 2);
  });

  it("tells what runs, who released what, and what the pods say", async () => {
    const status = JSON.parse(succeeded(await tristack("status", STACK, "--json")).stdout) as {
      containers: { part: string; status: string; version: string | null }[];
    };
    assert.partialDeepStrictEqual(status, {
      release: { version: "v1", restored: true },
      held: null,
      status: { lastDeploy: { kind: "rollback", passed: true, version: "v1" } },
    });
    const api = status.containers.filter(({ part, status }) => part === "api" && status === "Running");
    assert.deepEqual(new Set(api.map(({ version }) => version)), new Set(["v1"]));
    const { releases } = JSON.parse(succeeded(await tristack("releases", STACK, "--json")).stdout) as {
      releases: { version: string; passed: boolean; running: boolean }[];
    };
    assert.deepEqual(
      releases.map(({ version, passed }) => `${version} ${passed ? "passed" : "failed"}`),
      ["v1 passed", "v3 passed", "v3 failed", "v2 passed", "v1 passed"],
    );
    const outputs = JSON.parse(succeeded(await tristack("outputs", STACK, "--json")).stdout) as object;
    assert.partialDeepStrictEqual(outputs, { status: { lastDeploy: { version: "v1" } } });
    const logs = succeeded(await tristack("logs", STACK, "api", "--since", "10m"));
    assert.match(logs.stdout, /^api-\S+ .*Application startup complete/m);
    const recent = succeeded(await tristack("logs", STACK, "api", "--since", "1s"));
    assert.doesNotMatch(recent.stdout, /Application startup complete/);
    ended(await tristack("logs", STACK, "nobody"), 2);
    ended(await tristack("logs", STACK, "api", "--since", "yesterday"), 2);
  });

  it("refuses a second deploy meanwhile, and names who holds the stack", async () => {
    const first = deploy("v2", "--bake", "20");
    await until(
      30,
      "the stack is held",
      async () => (await cluster("get", "leases", "--output", "name")).trim() !== "",
    );
    // From another machine, which the lock of this checkout says nothing to.
    await cluster("patch", "lease", "tristack-release", "--type=merge", "--patch", others());
    const second = ended(await tristack("deploy", STACK, "--version", "v3", "--json"), 1);
    assert.match(second.all, /another tristack command works on the stack/);
    await first;
    assert.equal(await site.runs(), "v2");
    const third = ended(await deploy("v3"), 1);
    assert.match(third.all, /is held: tristack deploy by ann@desk \(pid 7\)/);
    assert.equal(await site.runs(), "v2");
    await cluster("delete", "lease", "tristack-release");
  });

  it("recovers from an update that was killed, and loses nothing that it had made", async () => {
    for (const [index, seconds] of [1, 4, 8].entries()) {
      const running = deploy(index % 2 === 0 ? "v3" : "v1");
      assert.ok(
        await killEngine(site.workspace.root, running, seconds, true, ["up"]),
        `over after ${seconds} s`,
      );
      await running;
      assert.equal((await site.ask("/api/items")).status, 200);
    }
    succeeded(await deploy("v1"));
    assert.equal(await site.runs(), "v1");
    succeeded(await site.preview("--refresh"));
  });

  it("is destroyed by one command", async () => {
    succeeded(await tristack("destroy", STACK, "--yes", "--json"));
    ended(await tristack("destroy", STACK, "--yes"), 2);
  });
});

/** A command of somebody else's that goes on for long. */
function others(): string {
  const holderIdentity = "tristack deploy by ann@desk (pid 7) since noon";
  // From now: mocha has loaded this file long before its turn.
  const renewTime = new Date(Date.now() + 3_600_000).toISOString().replace("Z", "000Z");
  return JSON.stringify({ spec: { holderIdentity, renewTime } });
}
