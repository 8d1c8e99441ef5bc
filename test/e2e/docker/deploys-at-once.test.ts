/** Many deploys of one stack at once, from two checkouts: one after the other; and whoever else is at it is left alone. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PROJECT, newClone } from "../../support/e2e-clone.ts";
import { type Ran, ended, run, succeeded } from "../../support/e2e-command.ts";
import { containers } from "../../support/e2e-engine.ts";
import { nextEngine } from "../../support/e2e-kill.ts";
import {
  type Released,
  resultOf,
  servedRelease,
  tagVersions,
  untagVersions,
} from "../../support/e2e-releases.ts";
import { FULL } from "../../support/e2e-tier.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

/** As many as the issue names; in CI three. */
const AT_ONCE = FULL ? 10 : 3;
/** Longer than all of them take. */
const PATIENCE_SECONDS = 3000;
const REFUSED = Array.from({ length: AT_ONCE }, (_, index) => `r${index + 1}`);
const WAITING = Array.from({ length: AT_ONCE }, (_, index) => `w${index + 1}`);

interface Entry {
  readonly version: string;
  readonly passed: boolean;
}

describe(`${AT_ONCE} deploys of one stack at once`, () => {
  let site: Workspace;
  /** Another checkout, as of another person, on the same backend. */
  let other: string;
  let locks: string;

  before(async () => {
    site = await started("at-once");
    await tagVersions([...REFUSED, ...WAITING]);
    await site.change((settings) => {
      settings.set(["release"], undefined);
      // The commands that wait take processors, too: this is not about how soon a container is healthy.
      for (const service of ["web", "api"]) settings.set(["services", service, "health", "startup"], "120s");
    });
    other = (await newClone("at-once-other")).root;
    await cp(join(site.root, "Pulumi.local.yaml"), join(other, "Pulumi.local.yaml"));
    locks = join(site.root, ".tristack", "state", ".pulumi", "locks", "organization", PROJECT, "local");
  });
  after(async () => {
    await untagVersions([...REFUSED, ...WAITING]);
    if (other) await rm(other, { recursive: true, force: true });
    await site?.dispose();
  });

  /** By turns from one checkout and from the other. */
  function deployAll(versions: readonly string[], ...more: string[]): Promise<Ran[]> {
    return Promise.all(
      versions.map((version, index) => {
        const cwd = index % 2 === 0 ? site.root : other;
        const args = ["deploy", "local", "--version", version, "--bake", "0", "--json", ...more];
        const env = { ...site.env, ...site.exports };
        const tristack = join(cwd, "node_modules", ".bin", "tristack");
        return run(tristack, args, { cwd, env, timeoutSeconds: PATIENCE_SECONDS });
      }),
    );
  }

  async function ledger(): Promise<Entry[]> {
    const { stdout } = succeeded(await site.tristack(["releases", "local", "--json"]));
    return (JSON.parse(stdout) as { releases: Entry[] }).releases.toReversed();
  }

  /** Nothing is left of any of them but what the last one made. */
  async function inOrder(last: Released): Promise<void> {
    assert.equal(await servedRelease(site), last.releaseId);
    const { stdout } = succeeded(await site.pulumi(["stack", "export", "--stack", "local"]));
    const { deployment } = JSON.parse(stdout) as {
      deployment: { resources: { id?: string }[]; pending_operations?: unknown[] };
    };
    const known = new Set(deployment.resources.map(({ id }) => id));
    assert.deepEqual(
      (await containers()).filter(({ Id }) => !known.has(Id)).map(({ Name }) => Name),
      [],
    );
    assert.deepEqual(deployment.pending_operations ?? [], []);
    assert.deepEqual(await readdir(locks).catch(() => []), []);
  }

  const idsNow = async () => (await containers()).map(({ Id }) => Id).sort();

  it("brings one, and refuses all others by name of who it is, having changed nothing", async () => {
    const all = await deployAll(REFUSED);
    const [first, ...more] = all.filter(({ exitCode }) => exitCode === 0);
    assert.ok(first, all.map((ran) => ran.all).join("\n\n"));
    assert.deepEqual(
      more.map(({ command }) => command),
      [],
    );
    for (const ran of all.filter((one) => one !== first)) {
      ended(ran, 1);
      assert.match(ran.stderr, /another tristack command|is held: tristack deploy by \S+@\S+ \(pid \d+\)/);
    }
    assert.deepEqual(
      (await ledger()).map(({ version }) => version),
      [resultOf(first).version],
    );
    await inOrder(resultOf(first));
  });

  it("brings all of them one after the other where they may wait", async () => {
    const began = Date.now();
    const all = (await deployAll(WAITING, "--wait", String(PATIENCE_SECONDS))).map((ran) =>
      resultOf(succeeded(ran)),
    );
    console.log(`      ${AT_ONCE} deploys in ${Math.round((Date.now() - began) / 1000)} s`);
    // Each has found what another one had left: one chain, in which all of them are.
    const after = new Map(all.map((one) => [one.before, one]));
    assert.equal(after.size, AT_ONCE, "no two have begun from the same release");
    const [before] = all.map((one) => one.before).filter((version) => !WAITING.includes(version ?? ""));
    const chain: Released[] = [];
    for (let next = after.get(before ?? null); next; next = after.get(next.version)) chain.push(next);
    assert.equal(chain.length, AT_ONCE);
    const last = chain.at(-1);
    assert.ok(last);
    const recorded = (await ledger()).filter(({ version }) => WAITING.includes(version));
    assert.ok(recorded.every(({ passed }) => passed));
    assert.deepEqual(
      recorded.map(({ version }) => version).slice(-3),
      chain.map(({ version }) => version).slice(-3),
    );
    await inOrder(last);
  });

  it("leave a lock alone that is another person's, and record no release of it", async () => {
    await mkdir(locks, { recursive: true });
    const file = join(locks, "00000000-0000-4000-8000-000000000000.json");
    const lock = {
      pid: 7,
      username: userInfo().username,
      hostname: "a-laptop",
      timestamp: new Date().toISOString(),
    };
    const before = { ids: await idsNow(), ledger: await ledger(), served: await servedRelease(site) };
    await writeFile(file, JSON.stringify(lock));
    try {
      for (const ran of await deployAll(REFUSED.slice(0, 1))) {
        ended(ran, 1);
        assert.match(ran.stderr, /locked by \S+@a-laptop \(pid 7\)[^]*pulumi cancel/);
      }
      assert.equal(await readFile(file, "utf8"), JSON.stringify(lock));
      assert.deepEqual(
        { ids: await idsNow(), ledger: await ledger(), served: await servedRelease(site) },
        before,
      );
    } finally {
      await rm(file, { force: true });
    }
  });

  it("wait for a person's own pulumi up, which goes on as if nothing were", async () => {
    // One whose images are still there, be it that ten have come since the first.
    const version = (await ledger()).at(-2)?.version ?? "";
    await site.change((settings) => {
      settings.set(["services", "api", "environment", "MARK"], "by-hand");
      settings.set(
        ["services", "api", "migrate"],
        ["sh", "-c", "sleep 15; exec python -m alembic upgrade head"],
      );
    });
    await cp(join(site.root, "Pulumi.local.yaml"), join(other, "Pulumi.local.yaml"));
    const person = site.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"]);
    const engine = await nextEngine(site.root, person, ["up"]);
    assert.ok(engine);
    while ((await readdir(locks).catch(() => [])).length === 0) await sleep(100);
    const [lock = ""] = await readdir(locks);
    const [refused] = await deployAll([version]);
    assert.match(ended(refused as Ran, 1).stderr, new RegExp(`pid ${engine.pid}\\b`));
    assert.ok(existsSync(join(locks, lock)), "the person keeps the lock");
    const [waited] = await deployAll([version], "--wait", "600");
    succeeded(await person);
    await inOrder(resultOf(succeeded(waited as Ran)));
  });
});
