/** Releases that are no good, each in its own way, on a cluster: nobody sees them, or not for long, and nothing of them stays. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { ClusterSite, kubectlIn } from "../../support/e2e-cluster.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { type LoadReport, sawErrorsFor, underLoad } from "../../support/e2e-load.ts";
import { type Released, resultOf } from "../../support/e2e-releases.ts";
import { until } from "../../support/e2e-until.ts";
import type { Config } from "../../support/settings.ts";

const STACK = "broken";
const cluster = kubectlIn(STACK);
const VERSION = String.raw`app\.kubernetes\.io/version`;
/** Time for pods that are going to be gone. */
const PATIENCE_SECONDS = 90;

/** What makes the release a bad one, over the service's settings. */
const FAULTS: Readonly<Record<string, { api: Config; reason: RegExp }>> = {
  "its image does not exist": {
    api: { image: "tristack.local/nobodys" },
    reason: /nobodys|ErrImageNeverPull|ErrImagePull|ImagePullBackOff/,
  },
  "it never gets ready": { api: { environment: { FAULT: "never-ready" } }, reason: /api/ },
  "its migration fails": {
    api: { migrate: ["sh", "-c", "echo no such table; exit 3"] },
    reason: /migration/,
  },
  "it runs out of memory at its start": { api: { memory: "20MiB", requests: {} }, reason: /api/ },
};

describe("a release that is no good, on a cluster", () => {
  let site: ClusterSite;
  let good: Config;

  before(async () => {
    site = await ClusterSite.create({ stack: STACK });
    await site.change(["release"], undefined);
    // What never gets ready is given up after that: the default of 30 s would only make this longer.
    await site.change(["services", "api", "health"], { startup: "15s" });
    await site.tag("good", "bad");
    succeeded(await deploy("good"));
    good = site.settings;
  });
  after(() => site?.dispose());
  afterEach(() => site.write(good));

  const deploy = (version: string, ...more: string[]) =>
    site.workspace.tristack(["deploy", STACK, "--version", version, "--bake", "3", "--json", ...more], {
      timeoutSeconds: 900,
    });

  /** A deploy that fails with the site under load; afterwards all is as it was. */
  async function fails(api: Config, ...more: string[]): Promise<[Released, LoadReport, Set<string>]> {
    await site.change(["services", "api"], { ...serviceOf(good, "api"), ...api });
    let released: Released | undefined;
    // Of the service that is no good: the others roll by themselves, and are well.
    const seen = new Set<string>();
    let watching = true;
    const watch = (async () => {
      for (; watching; await sleep(200)) seen.add(await site.runs());
    })();
    const report = await underLoad(site.origin, async () => {
      const ran = ended(await deploy("bad", ...more), 1);
      released = resultOf(ran);
      console.log(`      exit 1 after ${ran.seconds.toFixed(1)} s: ${released.lastDeploy.reason ?? ""}`);
    }).finally(() => {
      watching = false;
      return watch;
    });
    assert.ok(released);
    assert.equal(released.runs, "good");
    assert.equal(await site.runs(), "good");
    return [released, report, seen];
  }

  /** No pod is left of the release, and those of the one before are all there. */
  const gone = () =>
    until(PATIENCE_SECONDS, "pods of the good release alone", async () => {
      const pods = "--selector=app.kubernetes.io/component=service";
      const versions = await cluster(
        "get",
        "pods",
        pods,
        `--output=jsonpath={.items[*].metadata.labels.${VERSION}}`,
      );
      return versions === "good good good good";
    });

  for (const [what, { api, reason }] of Object.entries(FAULTS))
    it(`because ${what} never gets traffic, and a plain update afterwards changes nothing`, async () => {
      const [released, report, seen] = await fails(api);
      assert.deepEqual(report.failures, []);
      assert.deepEqual(report.unexpected, []);
      assert.deepEqual(seen, new Set(["good"]));
      assert.match(String(released.lastDeploy.reason), reason);
      succeeded(await site.up());
      await gone();
      succeeded(await site.preview("--refresh"));
      assert.equal(await site.runs(), "good");
    });

  it("because one answer in five is an error is taken back by itself", async () => {
    const [released, report] = await fails({ environment: { FAULT: "errors" } }, "--bake", "60");
    assert.match(String(released.lastDeploy.reason), /requests failed \(\d+\.\d %; at most 1 % may\)/);
    sawErrorsFor(60, report);
    await gone();
  });
});

function serviceOf(settings: Config, name: string): Config {
  return (settings.services as Record<string, Config>)[name] ?? {};
}
