/** Releases that are no good, each in its own way: nobody sees them, or not for long, and nothing of them stays. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LABEL } from "../../../components/shared/labels.ts";
import { ended, run, succeeded } from "../../support/e2e-command.ts";
import { containers, docker } from "../../support/e2e-engine.ts";
import { Load, type LoadReport, figures, sawErrorsFor } from "../../support/e2e-load.ts";
import {
  type Released,
  deploy,
  imageOf,
  resultOf,
  rollback,
  servedRelease,
  servingIds,
  tagVersions,
  untagVersions,
} from "../../support/e2e-releases.ts";
import { itFully } from "../../support/e2e-tier.ts";
import { type Settings, type Workspace, started } from "../../support/e2e-workspace.ts";

const VERSIONS = ["good", "bad", "contract"];
const API = ["services", "api"];
const FAULT = [...API, "environment", "FAULT"];

describe("a release that is no good", () => {
  let site: Workspace;
  let good: string[];
  let release: string;

  before(async () => {
    site = await started("broken-releases");
    await tagVersions(["good", "bad"]);
    await site.change((settings) => settings.set(["release"], undefined));
    succeeded(await deploy(site, "good", "--bake", "0"));
    good = await servingIds();
    release = await servedRelease(site);
  });
  after(async () => {
    await untagVersions(VERSIONS);
    await site?.dispose();
  });
  afterEach(() =>
    site.change((settings) => {
      settings.set(FAULT, undefined);
      settings.set([...API, "environment", "FAULT_LEAK_MB_PER_MINUTE"], undefined);
      settings.set([...API, "memory"], undefined);
      settings.set([...API, "migrate"], ["python", "-m", "alembic", "upgrade", "head"]);
    }),
  );

  /** A deploy that fails with the site under load; afterwards all is as it was. */
  async function fails(
    edit: (settings: Settings) => void,
    ...more: string[]
  ): Promise<[Released, LoadReport]> {
    await site.change(edit);
    const load = new Load(site.origin);
    const ran = await deploy(site, "bad", ...more);
    const report = await load.stop();
    ended(ran, 1);
    console.log(`      exit 1 after ${ran.seconds.toFixed(1)} s; ${figures(report)}`);
    await asBefore();
    return [resultOf(ran), report];
  }

  async function asBefore(): Promise<void> {
    assert.deepEqual(
      await servingIds(),
      good,
      "the containers that served serve on, and there are no others",
    );
    assert.equal(await servedRelease(site), release);
    const left = (await containers()).filter((one) => one.Config.Labels[LABEL.release] === "bad");
    assert.deepEqual(left, [], "nothing of the release is left");
  }

  function unseen(report: LoadReport): void {
    assert.deepEqual(report.failures, []);
    assert.deepEqual(report.unexpected, []);
    assert.deepEqual(report.releases, [release]);
  }

  it("because its image does not exist changes nothing", async () => {
    const load = new Load(site.origin);
    const ran = ended(await deploy(site, "v404"), 1);
    unseen(await load.stop());
    assert.match(ran.all, /web: tristack\.local\/web:v404 cannot be had/);
    assert.match(ran.all, /api: tristack\.local\/api:v404 cannot be had/);
    assert.match(ran.all, /Nothing was changed/);
    await asBefore();
  });

  it("because it crashes at its start never gets traffic, and its log is shown", async () => {
    const [result, report] = await fails((settings) => settings.set(FAULT, "crash"), "--bake", "5");
    unseen(report);
    assert.match(String(result.lastDeploy.reason), /the switch to release bad-\w+ failed/);
    assert.equal(result.runs, "good");
  });

  it("leaves plain pulumi up and a second deploy as they were", async () => {
    await site.change((settings) => settings.set(FAULT, "crash"));
    succeeded(await site.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"]));
    await asBefore();
    ended(await deploy(site, "bad", "--bake", "0"), 1);
    await asBefore();
  });

  itFully("because it never gets ready never gets traffic", async () => {
    const [, report] = await fails((settings) => settings.set(FAULT, "never-ready"));
    unseen(report);
  });

  itFully("because its migration fails never starts", async () => {
    const [result, report] = await fails((settings) =>
      settings.set([...API, "migrate"], ["sh", "-c", "echo no such table; exit 3"]),
    );
    unseen(report);
    assert.match(String(result.lastDeploy.reason), /the migration of api failed \(exit 3\)/);
  });

  itFully("because it runs out of memory at its start never gets traffic", async () => {
    const [result, report] = await fails((settings) => settings.set([...API, "memory"], "16MiB"));
    unseen(report);
    assert.match(
      String(result.lastDeploy.reason),
      /the switch to release bad-\w+ failed|the migration of api failed/,
    );
  });

  it("because one answer in five is an error is taken back by itself", async () => {
    const [result, report] = await fails((settings) => settings.set(FAULT, "errors"), "--bake", "60");
    assert.match(String(result.lastDeploy.reason), /requests failed \(\d+\.\d %; at most 1 % may\)/);
    sawErrorsFor(60, report);
  });

  it("is in the ledger and the status as failed", async () => {
    const status = JSON.parse(succeeded(await site.tristack(["status", "local", "--json"])).stdout) as {
      release: { version: string };
      status: { lastDeploy: { version: string; passed: boolean } };
    };
    assert.equal(status.release.version, "good");
    assert.deepEqual([status.status.lastDeploy.version, status.status.lastDeploy.passed], ["bad", false]);
  });

  itFully(
    "because the way back is closed by its schema says so before, and the rollback is refused",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "tristack-contract-"));
      const declared = { head: "0003", worksWith: ["0003"], headAlsoServes: [] };
      await writeFile(join(folder, "schema-revisions.json"), JSON.stringify(declared));
      await writeFile(
        join(folder, "Dockerfile"),
        `FROM ${imageOf("api", "good")}\nCOPY schema-revisions.json /app/schema-revisions.json\n`,
      );
      const env = { DOCKER_BUILDKIT: "0" };
      succeeded(
        await run("docker", ["build", "--tag", imageOf("api", "contract"), "."], { cwd: folder, env }),
      );
      await rm(folder, { recursive: true });
      await docker("tag", imageOf("web", "good"), imageOf("web", "contract"));
      const result = resultOf(succeeded(await deploy(site, "contract", "--bake", "0")));
      assert.match(result.warnings.join("\n"), /there will be no way back to good: .* 0003/);
      const refused = ended(await rollback(site, "good"), 2);
      assert.match(refused.all, /cannot go back to good: the database's schema is at revision 0003/);
      assert.match(await servedRelease(site), /^contract-/);
    },
  );

  itFully("is gone back from without a way when that is asked for", async () => {
    const result = resultOf(succeeded(await rollback(site, "good", "--ignore-schema")));
    assert.equal(result.runs, "good");
    assert.equal(await servedRelease(site), release);
  });
});
