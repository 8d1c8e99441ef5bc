/** Bad releases: one whose migration fails, one that never gets healthy. What serves goes on serving. */
import assert from "node:assert/strict";
import { LABEL } from "../../../components/shared/labels.ts";
import { type Ran, ended, succeeded } from "../../support/e2e-command.ts";
import { containers, docker } from "../../support/e2e-engine.ts";
import { Load, type LoadReport, figures } from "../../support/e2e-load.ts";
import { type Settings, type Workspace, started } from "../../support/e2e-workspace.ts";

const MIGRATE = ["services", "api", "migrate"];
const GOOD_MIGRATION = ["python", "-m", "alembic", "upgrade", "head"];
/** Prints what no log may show, and fails. */
const BAD_MIGRATION = [
  "sh",
  "-c",
  'cat "$SECRET_KEY_FILE" "$DATABASE_URL_FILE" "$REDIS_URL_FILE"; echo tried; exit 3',
];

describe("a bad release", () => {
  let site: Workspace;
  let serving: string[];
  let release: string;

  before(async () => {
    site = await started("gates");
    serving = await servingContainers();
    release = await servedRelease();
  });
  after(() => site?.dispose());

  /** What nginx answers as its release. */
  const servedRelease = async () => String((await site.ask("/api/items")).headers["x-tristack-release"]);

  /** An update that is to fail, with the site under load. */
  async function failingUpdate(work: () => Promise<Ran>): Promise<Ran> {
    const load = new Load(site.origin);
    const ran = ended(await work(), 1);
    await untouched(await load.stop(), `${ran.command}: ${ran.seconds.toFixed(1)} s`);
    return ran;
  }

  async function untouched(report: LoadReport, what: string): Promise<void> {
    console.log(`      ${what}; ${figures(report)}`);
    assert.deepEqual(report.failures, []);
    assert.ok(report.requests > 50, figures(report));
    assert.deepEqual(report.releases, [release]);
    const now = await servingContainers();
    assert.deepEqual(
      serving.filter((one) => !now.includes(one)),
      [],
      "every container that served is still there",
    );
    assert.equal(await servedRelease(), release);
  }

  const start = () => site.start(["--no-build"]);

  /** Back to the settings of the beginning: the site is as before and nothing of the bad release is left. */
  async function converges(edit: (settings: Settings) => void): Promise<void> {
    await site.change(edit);
    succeeded(await start());
    assert.equal(await servedRelease(), release);
    assert.deepEqual(await servingContainers(), serving);
    succeeded(await site.pulumi(["preview", "--stack", "local", "--expect-no-changes"]));
  }

  describe("whose migration fails", () => {
    let secrets: string[];
    let first: Ran;

    before(async () => {
      const api = (await containers()).find(
        (one) => one.State.Running && one.Config.Labels[LABEL.service] === "api",
      );
      assert.ok(api);
      const files = ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"].map((name) => `/run/secrets/${name}`);
      secrets = (
        await docker("exec", api.Id, "sh", "-c", `for f in ${files.join(" ")}; do cat $f; echo; done`)
      ).split("\n");
      assert.equal(secrets.filter((secret) => secret.length > 16).length, 3, "three secrets to look for");
      await site.change((settings) => {
        settings.set(MIGRATE, BAD_MIGRATION);
        settings.set(["services", "api", "environment", "MARK"], "bad");
      });
    });

    it("stops the update before anything that serves is changed", async () => {
      first = await failingUpdate(start);
      assert.match(first.all, /the migration of api failed \(exit 3\)/);
      assert.match(first.all, /tried/, "the log is shown");
      assert.doesNotMatch(first.all, /^ {4}at /m);
    });

    it("shows the migration's log without the secrets in it", () => {
      assert.match(first.all, /\[secret\]/);
      for (const secret of secrets) assert.ok(!first.all.includes(secret), "a secret is in the output");
    });

    it("stays failed for a plain second up", async () => {
      const again = await failingUpdate(() =>
        site.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"]),
      );
      assert.match(again.all, /the migration of api failed \(exit 3\)/);
      for (const secret of secrets) assert.ok(!again.all.includes(secret), "a secret is in the output");
    });

    it("stays failed for a second start, which runs the migration anew", async () => {
      const again = await failingUpdate(start);
      assert.match(again.all, /the migration of api failed \(exit 3\)/);
    });

    it("stays failed after a refresh", async () => {
      succeeded(await site.pulumi(["refresh", "--stack", "local", "--yes"]));
      await failingUpdate(() => site.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"]));
    });

    it("is over with the good settings", () =>
      converges((settings) => {
        settings.set(MIGRATE, GOOD_MIGRATION);
        settings.set(["services", "api", "environment", "MARK"], undefined);
      }));
  });

  describe("that is never healthy", () => {
    before(() =>
      site.change((settings) => {
        settings.set(["services", "api", "environment", "FAULT"], "never-ready");
        settings.set(["services", "api", "health", "startup"], "10s");
      }),
    );

    it("never gets traffic", async () => {
      const ran = await failingUpdate(start);
      assert.match(ran.all, /api is not healthy after 10 s/);
      assert.match(ran.all, /Traffic was not switched/);
    });

    it("leaves no more containers behind each time it is tried", async () => {
      const before = (await containers()).length;
      await failingUpdate(start);
      assert.equal((await containers()).length, before);
    });

    it("is over with the good settings, which start nothing anew", () =>
      converges((settings) => {
        settings.set(["services", "api", "environment", "FAULT"], undefined);
        settings.set(["services", "api", "health", "startup"], undefined);
      }));
  });
});

/** Ids of the containers that run, but for those of a bad release. */
async function servingContainers(): Promise<string[]> {
  const bad = (env: readonly string[] | null) =>
    env?.some((line) => line === "MARK=bad" || line === "FAULT=never-ready");
  const running = (await containers()).filter((one) => one.State.Running && !bad(one.Config.Env));
  return running.map((one) => one.Id).sort();
}
