/** kill -9 of Pulumi's engine at ten moments (one in CI, another in every run): the next command brings everything in order, and no row is lost. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { listProcesses, orphanedHelpers } from "../../../cli/processes.ts";
import { LABEL } from "../../../components/shared/labels.ts";
import { succeeded } from "../../support/e2e-command.ts";
import { PROJECT } from "../../support/e2e-clone.ts";
import { containers, docker, psql } from "../../support/e2e-engine.ts";
import { engineSeconds, killEngine } from "../../support/e2e-kill.ts";
import { Load, figures } from "../../support/e2e-load.ts";
import { randomNumbers, seed } from "../../support/e2e-random.ts";
import { FULL } from "../../support/e2e-tier.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

/** Within which the next run has put everything in order: a deadline of the issue's. */
const RECOVERY_SECONDS = 120;
/** Spread over the whole of an update. */
const KILLS = FULL ? 10 : 1;

interface State {
  readonly deployment: {
    readonly resources: readonly { readonly id?: string }[];
    readonly pending_operations?: unknown[];
  };
}

describe("an update whose engine is killed", () => {
  const chosen = seed();
  const random = randomNumbers(chosen);
  let site: Workspace;
  let version: string;
  /** How long an engine works on such an update when nobody kills it. */
  let usual: number;
  let load: Load;
  let turn = 0;

  before(async () => {
    console.log(`    TRISTACK_SEED=${chosen} repeats these moments`);
    site = await started("interrupted");
    const images = (await containers()).map((one) => one.Config.Image);
    version = images.find((image) => image.startsWith("tristack.local/api:"))?.split(":")[1] ?? "";
    assert.match(version, /^dev-/);
    await change();
    const update = site.start(["--no-build"]);
    usual = await engineSeconds(site.root, update);
    succeeded(await update);
    console.log(`    an engine that is left alone works ${usual.toFixed(1)} s`);
    load = new Load(site.origin);
  });
  after(async () => {
    await load?.stop();
    await site?.dispose();
  });

  /** By turns another variable for the api, and another release of both services. */
  async function change(): Promise<{ mark: string; release: string }> {
    turn += 1;
    const mark = `mark-${turn}`;
    const release = turn % 2 === 0 ? `release-${turn}` : version;
    for (const name of ["web", "api"])
      await docker("tag", `tristack.local/${name}:${version}`, `tristack.local/${name}:${release}`);
    await site.change((settings) => {
      settings.set(["services", "api", "environment", "MARK"], mark);
      settings.set(["release", "version"], release);
    });
    return { mark, release };
  }

  const count = async () => Number(await psql("SELECT count(*) FROM items"));

  async function insertRows(): Promise<void> {
    for (let row = 0; row < 3; row += 1) {
      const { status } = await site.ask("/api/items", {
        method: "POST",
        json: { title: `before kill ${turn}` },
      });
      assert.equal(status, 201);
    }
  }

  /** Everything that has to be true once a command has succeeded. */
  async function inOrder(expected: { mark: string; release: string }): Promise<void> {
    const outputs = JSON.parse(succeeded(await site.tristack(["outputs", "local", "--json"])).stdout) as {
      release: { id: string; version: string };
    };
    assert.equal(outputs.release.version, expected.release);
    for (let request = 0; request < 4; request += 1) {
      const answer = await site.ask("/api/info");
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["x-tristack-release"], outputs.release.id);
      assert.equal(
        (JSON.parse(answer.body.toString("utf8")) as { release: string }).release,
        expected.release,
      );
    }
    const state = JSON.parse(
      succeeded(await site.pulumi(["stack", "export", "--stack", "local"])).stdout,
    ) as State;
    const known = new Set(state.deployment.resources.map((resource) => resource.id));
    const all = await containers();
    assert.deepEqual(
      all.filter((one) => !known.has(one.Id)).map((one) => one.Name),
      [],
      "containers that the state does not know",
    );
    const own = ["--filter", `label=dev.tristack.project=${PROJECT}`];
    const networks = await docker("network", "ls", "--no-trunc", "--quiet", ...own);
    const volumes = await docker("volume", "ls", "--quiet", ...own);
    for (const id of [...networks.split("\n"), ...volumes.split("\n")])
      assert.ok(known.has(id), `a network or volume that the state does not know: ${id}`);
    assert.deepEqual(orphanedHelpers(await listProcesses(), site.root), []);
    assert.deepEqual(state.deployment.pending_operations ?? [], []);
    const apis = all.filter((one) => one.Config.Labels[LABEL.resource] === "api");
    assert.equal(apis.length, 2);
    for (const one of apis) assert.ok(one.Config.Env?.includes(`MARK=${expected.mark}`), one.Name);
    assert.deepEqual(await locks(site.root), []);
  }

  for (let kill = 1; kill <= KILLS; kill += 1) {
    it(`is put in order by the next tristack start (${kill} of ${KILLS})`, async () => {
      // One moment in each equal part of an update, so that together they reach all of it.
      const share = (kill - 1 + random()) / KILLS;
      const andTristack = random() < 0.3;
      await insertRows();
      const before = await count();
      let killed = false;
      let expected = { mark: "", release: "" };
      // An engine that was quicker than usual has ended before its moment: then the next one, a little sooner.
      for (let attempt = 0; !killed && attempt < 4; attempt += 1) {
        expected = await change();
        const update = site.start(["--no-build"]);
        killed = await killEngine(site.root, update, share * usual * 0.85 ** attempt, andTristack);
        const ran = await update;
        if (killed) assert.notEqual(ran.exitCode, 0, "its engine was killed");
      }
      assert.ok(killed, "the engine was killed");
      const next = await site.start(["--no-build"]);
      console.log(
        `      killed ${andTristack ? "with its tristack " : ""}after ${(share * usual).toFixed(1)} s; the next start ${next.seconds.toFixed(1)} s`,
      );
      succeeded(next);
      assert.ok(next.seconds <= RECOVERY_SECONDS, `${next.seconds} s`);
      await inOrder(expected);
      assert.ok((await count()) >= before, "no row is lost");
    });
  }

  it("fails no request meanwhile", async () => {
    const report = await load.stop();
    console.log(`      ${figures(report)}`);
    assert.deepEqual(report.failures, []);
    assert.ok(report.requests > 100 * KILLS, figures(report));
  });

  it("leaves nothing that a preview would change", async () => {
    succeeded(await site.pulumi(["preview", "--stack", "local", "--expect-no-changes"]));
  });
});

/** Names of the lock files of the stack, with who holds them. */
async function locks(root: string): Promise<string[]> {
  const folder = join(root, ".tristack", "state", ".pulumi", "locks");
  const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const held = files.filter((file) => file.isFile() && file.name.endsWith(".json"));
  return Promise.all(held.map((file) => readFile(join(file.parentPath, file.name), "utf8")));
}
