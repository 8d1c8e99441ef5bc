/** Fifty clients and fifty thousand requests, all through five releases, a rollback and a change of nginx. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { succeeded } from "../../support/e2e-command.ts";
import { saveFigures } from "../../support/e2e-figures.ts";
import { Load, type LoadReport, type LoadShape, figures } from "../../support/e2e-load.ts";
import {
  deploy,
  resultOf,
  rollback,
  servedRelease,
  tagVersions,
  untagVersions,
} from "../../support/e2e-releases.ts";
import { until } from "../../support/e2e-until.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

/** 40 clients of short GETs and POSTs, 10 of requests of 10 s; as many requests a second as two cores take. */
const SHAPE: LoadShape = { clients: 40, pause: 60, long: 10 };
const REQUESTS = 50_000;
const VERSIONS = ["f1", "f2", "f3", "f4", "f5"];
/** Seconds that each release is watched, so that there are about as many requests. */
const BAKE = 20;
const PATIENCE_SECONDS = 120;

describe("fifty clients and fifty thousand requests", () => {
  let site: Workspace;
  const told: Record<string, unknown> = {};

  before(async () => {
    site = await started("load");
    await tagVersions(VERSIONS);
    await site.change((settings) => settings.set(["release"], undefined));
  });
  after(async () => {
    await untagVersions(VERSIONS);
    await site?.dispose();
    if (Object.keys(told).length > 0) await saveFigures("load", told);
  });

  async function underLoad(what: string, work: (load: Load) => Promise<unknown>): Promise<LoadReport> {
    const load = new Load(site.origin, SHAPE);
    let measured: unknown;
    try {
      measured = await work(load);
    } finally {
      const report = await load.stop();
      const { requests, posts, long, retried, failures, seconds } = report;
      console.log(`      ${figures(report)}`);
      told[what] = { requests, posts, long, retried, failed: failures.length, seconds, measured };
      assert.deepEqual(failures, []);
      assert.deepEqual(report.unexpected, []);
    }
    return load.stop();
  }

  it("see five releases one after the other, and no failure", async () => {
    const report = await underLoad("five releases", async (load) => {
      const proofs = [];
      for (const [index, version] of VERSIONS.entries()) {
        const ran = succeeded(await deploy(site, version, "--bake", String(BAKE)));
        const { lastDeploy } = resultOf(ran);
        assert.match(await servedRelease(site), new RegExp(`^${version}-`));
        proofs.push({ version, seconds: ran.seconds, proof: lastDeploy.proof });
        // A slow machine answers fewer in the same time.
        const enough = (REQUESTS / VERSIONS.length) * (index + 1);
        await until(PATIENCE_SECONDS, `${enough} requests`, async () => (await load.requests()) >= enough);
      }
      return proofs;
    });
    assert.equal(report.releases.length, VERSIONS.length + 1);
    assert.ok(report.requests >= REQUESTS, figures(report));
    assert.ok(report.posts > REQUESTS / 5 && report.long >= 50, figures(report));
  });

  it("see a rollback, and no failure", async () => {
    const report = await underLoad("rollback", async () => {
      const ran = succeeded(await rollback(site, "f2"));
      await sleep(5000);
      return { seconds: ran.seconds };
    });
    assert.equal(report.releases.length, 2);
  });

  it("see a change of nginx's configuration, and no failure", async () => {
    const report = await underLoad("configuration of nginx", async () => {
      // A rollback's own settings stand in place of the file's: forward first.
      await site.change((settings) => settings.set(["proxy", "bodyLimit"], "33MiB"));
      const ran = succeeded(await deploy(site, "f5", "--bake", "0"));
      await sleep(5000);
      return { seconds: ran.seconds };
    });
    assert.equal(report.releases.length, 2);
  });
});
