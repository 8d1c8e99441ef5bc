/** Releases by Argo Rollouts on real pods: blue-green, then canary, good ones and bad ones. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { imageName } from "../../../cli/images.ts";
import { PROMETHEUS_URL } from "../../../toolchain/cluster/delivery.ts";
import { ClusterSite } from "../../support/e2e-cluster.ts";
import { type Ran, ended, succeeded } from "../../support/e2e-command.ts";
import { ErrorRates } from "../../support/e2e-error-rates.ts";
import { until } from "../../support/e2e-until.ts";
import { underLoad } from "../../support/e2e-load.ts";
import { Shares, rolloutField, told, undo } from "../../support/e2e-rollouts.ts";
import { itFully } from "../../support/e2e-tier.ts";

const STACK = "delivery";
/** Longest time to go back by one switch. */
const SWITCH_SECONDS = 5;
/** Longest time until a bad canary has nothing of the traffic any more, from its first request on. */
const ABORT_SECONDS = 60;
const MOST_ERRORS = 0.04;

/** Shortest verdicts: Prometheus here asks every 2 s. */
const FAST = { prometheus: PROMETHEUS_URL, interval: "5s", window: "10s", failureLimit: 1 };
const CANARY = { strategy: "canary", steps: [20, 60], pause: "15s", analysis: FAST };
const FAULTY = { FAULT: "errors", FAULT_ERROR_PERCENT: "20" };

/** Longest time in which what ought to happen in a cluster has happened. */
const PATIENCE_SECONDS = 90;

describe("releases by Argo Rollouts", () => {
  let site: ClusterSite;

  before(async () => {
    const settings = { delivery: { strategy: "blue-green" } };
    site = await ClusterSite.create({ stack: STACK, extras: ["delivery"], settings });
    const first = succeeded(await site.up());
    console.log(`      up after ${first.seconds.toFixed(1)} s`);
    await site.tag("b2", "c2", "c3");
    await until(
      PATIENCE_SECONDS,
      "the site answers",
      async () => (await site.ask("/api/items")).status === 200,
    );
  });
  after(() => site?.dispose());

  describe("blue-green", () => {
    it("drops no request when all traffic is switched to the new pods", async () => {
      const report = await underLoad(site.origin, () => releases("b2"));
      assert.deepEqual(report.failures, []);
      assert.deepEqual(report.unexpected, []);
      assert.deepEqual(report.releases, [site.version, "b2"]);
      succeeded(await site.preview());
      succeeded(await site.preview("--refresh"));
    });

    it(`goes back to the pods that still run within ${SWITCH_SECONDS} s, without a failed request`, async () => {
      const report = await underLoad(site.origin, async () => {
        const began = Date.now();
        const [last] = await Promise.all([lastAnswerOf("b2"), undo(site, "web", "api")]);
        const seconds = (last - began) / 1000;
        console.log(`      the last answer of the release came ${seconds.toFixed(1)} s after the command`);
        assert.ok(seconds <= SWITCH_SECONDS);
      });
      assert.deepEqual(report.failures, []);
      assert.deepEqual(report.releases, ["b2", site.version]);
    });

    it("follows the settings again afterwards, over what was changed by hand", async () => {
      await releases(site.version);
      succeeded(await site.preview("--refresh"));
      const report = await underLoad(site.origin, async () => {
        await releases("b2");
        const began = Date.now();
        await site.change(["release", "version"], site.version);
        const [last, ran] = await Promise.all([lastAnswerOf("b2", 60), site.up()]);
        succeeded(ran);
        console.log(`      by pulumi up the last answer came after ${((last - began) / 1000).toFixed(1)} s`);
      });
      assert.deepEqual(report.failures, []);
      assert.equal(await site.runs(), site.version);
      succeeded(await site.preview("--refresh"));
    });

    it("gives up a release that crashes, says why, and changes nothing for the worse in the next update", async () => {
      await staysWith(site.version, { FAULT: "crash" }, (first) => {
        // Argo Rollouts 1.10.1 looks again and again at what is stuck, and does not always call it so: then our own limit ends it.
        assert.match(
          first.all,
          /the release of api (failed, and the one before serves.*timed out progressing|does not serve after \d+ s)/,
        );
      });
    });
  });

  describe("canary", () => {
    before(async () => {
      await site.change(["delivery"], CANARY);
      const report = await underLoad(site.origin, async () => void succeeded(await site.up()));
      console.log(`      from blue-green to canary: ${report.failures.length} failed`);
      assert.deepEqual(report.failures, []);
    });

    it("gives a good release more and more of the traffic, and drops no request", async () => {
      const shares = new Shares(site, "api");
      const report = await underLoad(site.origin, () => releases("c2"));
      const seen = await shares.stop();
      console.log(`      ${told(seen)}`);
      assert.deepEqual(
        seen.map(({ share }) => share).filter((share) => share !== 100),
        [0, 20, 60, 0],
      );
      assert.deepEqual(report.failures, []);
      assert.deepEqual(report.unexpected, []);
      assert.deepEqual(report.releases, [site.version, "c2"]);
      succeeded(await site.preview());
      succeeded(await site.preview("--refresh"));
    });

    it("goes back to the release before without steps, though nobody asks for anything", async () => {
      await releases(site.version);
      const report = await underLoad(site.origin, () => releases("c2"));
      assert.deepEqual(report.failures, []);
    });

    it(`takes the traffic from a release with 20 % of errors within ${ABORT_SECONDS} s by itself`, () =>
      aborts(ABORT_SECONDS));

    it("promotes nothing that nobody has asked for anything", async () => {
      // What the measurements look back on is to be over.
      await sleep(15_000);
      await site.change(["release", "version"], "c3");
      const ran = refused(await site.up());
      assert.match(ran.all, /error rates measured: .*(NaN|\[\])/);
      assert.equal(await rolloutField(site, "api", ".status.abort"), "true");
      assert.equal(await site.runs(), "c2");
      await site.change(["release", "version"], "c2");
      succeeded(await site.up());
    });

    it("lets 4.9 % of errors pass, and neither 5.1 %, nor no request, nor no router", async () => {
      const template = await site.kubectl("get", "analysistemplate", "api", "--output", "json");
      const rates = { below: 49, above: 51, silent: undefined };
      const services = [...Object.keys(rates), "unknown"];
      const measured = await ErrorRates.create(`${STACK}-rates`, imageName("api", site.version), rates);
      try {
        // Two points at least are needed for a rate.
        await sleep(15_000);
        await measured.analyse(JSON.parse(template) as { spec: object }, services);
        const enough = FAST.failureLimit + 4;
        await until(PATIENCE_SECONDS, "there are enough measurements", async () => {
          const [below] = await measured.found();
          return (below?.measurements.length ?? 0) >= enough;
        });
        const found = await measured.found();
        for (const [index, { phase, measurements }] of found.entries())
          console.log(
            `      ${services[index]}: ${phase}, ${measurements.map(({ value }) => value).join(" ")}`,
          );
        const [below, ...others] = found;
        assert.equal(below?.phase, "Running");
        assert.ok(
          below.measurements.every(({ phase, value = "" }) => phase === "Successful" && near(value, 0.049)),
        );
        assert.deepEqual(
          others.map(({ phase }) => phase),
          ["Failed", "Failed", "Failed"],
        );
        const [above, silent, unknown] = others.map(({ measurements }) => measurements);
        assert.ok(above?.every(({ value = "" }) => near(value, 0.051)));
        assert.deepEqual([...new Set(silent?.map(({ value }) => value))], ["[NaN]"]);
        assert.deepEqual([...new Set(unknown?.map(({ value }) => value))], ["[]"]);
      } finally {
        await measured.remove();
      }
    });

    itFully("takes the traffic from it with the source document's own intervals, too", async () => {
      const { analysis, ...own } = CANARY;
      const delivery = {
        ...own,
        steps: undefined,
        pause: undefined,
        analysis: { prometheus: analysis.prometheus },
      };
      await site.change(["delivery"], JSON.parse(JSON.stringify(delivery)));
      succeeded(await site.up());
      // The first measurement comes after a minute, the fourth failed one aborts.
      await aborts(4 * 60 + 15);
    });
  });

  describe("in the end", () => {
    it("is destroyed without a rest", async () => {
      succeeded(await site.pulumi("destroy", "--stack", STACK, "--yes", "--skip-preview"));
    });
  });

  async function releases(version: string): Promise<void> {
    await site.change(["release", "version"], version);
    const ran = succeeded(await site.up());
    console.log(`      pulumi up: ${ran.seconds.toFixed(1)} s`);
    assert.equal(await site.runs(), version);
  }

  /** A bad release under load: who notices, how soon, and what it has cost. */
  async function aborts(within: number): Promise<void> {
    const good = await site.runs();
    const shares = new Shares(site, "api");
    const report = await underLoad(site.origin, async () => {
      await site.change(["services", "api", "environment"], FAULTY);
      const ran = refused(await site.up());
      assert.match(ran.all, /the release of api failed, and the one before serves: .*error-rate/);
      // The first measurement may have come before the first error.
      assert.match(ran.all, /error rates measured: (\[0\], )?\[0\.\d+\]/);
    });
    const seen = await shares.stop();
    const began = seen.find(({ share }) => share > 0)?.at ?? 0;
    const over = seen.find(({ at, share }) => at > began && share === 0)?.at ?? Infinity;
    const seconds = (over - began) / 1000;
    const meanwhile = (report.requests * seconds) / report.seconds;
    const errors = report.failedAt.filter((at) => at >= began - 1000 && at <= over + 2000).length;
    const percent = ((100 * errors) / meanwhile).toFixed(2);
    console.log(`      ${told(seen)}`);
    console.log(
      `      aborted after ${seconds.toFixed(1)} s; ${errors} of ${meanwhile.toFixed(0)} requests failed (${percent} %)`,
    );
    assert.ok(seconds <= within, `${seconds} s`);
    assert.ok(errors / meanwhile <= MOST_ERRORS, `${percent} % of errors`);
    assert.equal(errors, report.failures.length, "there are none before or after");
    assert.ok(
      seen.every(({ share }) => share <= 20),
      "it never got more than its first share",
    );
    assert.equal(await rolloutField(site, "api", ".status.abort"), "true");
    assert.equal(await site.runs(), good);
    const again = refused(await site.up());
    assert.match(again.all, /the release of api failed/);
    assert.equal(await site.runs(), good);
    await site.change(["services", "api", "environment"], {});
    succeeded(await site.up());
    succeeded(await site.preview());
  }

  /** Two updates with a release that cannot start: the one before answers throughout; then it is put right. */
  async function staysWith(good: string, environment: object, check: (first: Ran) => void): Promise<void> {
    const report = await underLoad(site.origin, async () => {
      await site.change(["services", "api", "environment"], environment);
      const first = refused(await site.up());
      console.log(`      refused after ${first.seconds.toFixed(1)} s`);
      check(first);
      const again = refused(await site.up());
      console.log(`      and again after ${again.seconds.toFixed(1)} s`);
    });
    assert.deepEqual(report.failures, []);
    assert.deepEqual(report.releases, [good]);
    await site.change(["services", "api", "environment"], {});
    succeeded(await site.up());
    succeeded(await site.preview());
  }

  /** Moment of the last answer by a release, once every service has answered as another for a while. */
  async function lastAnswerOf(version: string, patienceSeconds = 20): Promise<number> {
    const end = Date.now() + patienceSeconds * 1000;
    let last = Date.now();
    while (Date.now() - last < 3000) {
      assert.ok(Date.now() < end, `${version} still answers after ${patienceSeconds} s`);
      const answers = await Promise.all(["/api/items", "/api/web/time"].map((path) => site.ask(path)));
      if (answers.some(({ headers }) => headers["x-release"] === version)) last = Date.now();
      await sleep(50);
    }
    return last;
  }
});

/** An update that failed. Pulumi's exit code says who noticed: 255 the program, 1 the engine. */
function refused(ran: Ran): Ran {
  return ended(ran, ran.exitCode === 255 ? 255 : 1);
}

function near(value: string, rate: number): boolean {
  const [measured] = JSON.parse(value) as [number];
  return Math.abs(measured - rate) < 0.0005;
}
