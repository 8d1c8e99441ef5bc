/** Whose lock is broken and whose is not: only one of this machine and user whose process is dead. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../../support/e2e-clone.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { containers } from "../../support/e2e-engine.ts";
import { nextEngine } from "../../support/e2e-kill.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

const MIGRATE = ["services", "api", "migrate"];

describe("the lock of a stack", () => {
  let site: Workspace;
  let folder: string;

  before(async () => {
    site = await started("locks");
    folder = join(site.root, ".tristack", "state", ".pulumi", "locks", "organization", PROJECT, "local");
  });
  after(() => site?.dispose());

  const idsNow = async () => (await containers()).map((one) => one.Id).sort();

  /** A lock as Pulumi's file backend writes it. */
  async function plant(lock: { pid: number; username: string; hostname: string }): Promise<string> {
    await mkdir(folder, { recursive: true });
    const file = join(folder, "00000000-0000-4000-8000-000000000000.json");
    await writeFile(file, JSON.stringify({ ...lock, timestamp: new Date().toISOString() }));
    return file;
  }

  const mine = () => ({ pid: deadPid(), username: userInfo().username, hostname: hostname() });

  for (const [whose, lock] of [
    ["another machine's", () => ({ ...mine(), hostname: "another-machine" })],
    ["another user's", () => ({ ...mine(), username: "somebody-else" })],
  ] as const) {
    it(`is never broken when it is ${whose}`, async () => {
      const before = await idsNow();
      const held = lock();
      const file = await plant(held);
      try {
        const ran = ended(await site.start(["--no-build"]), 1);
        assert.ok(ran.all.includes(`${held.username}@${held.hostname}`), ran.all);
        assert.match(ran.all, /pulumi cancel/, "it says what a person can do");
        assert.ok(existsSync(file), "the lock is still there");
        assert.deepEqual(await idsNow(), before);
      } finally {
        await rm(file, { force: true });
      }
    });
  }

  it("is broken when it is ours and its process is dead", async () => {
    const held = mine();
    const file = await plant(held);
    const ran = succeeded(await site.start(["--no-build"]));
    assert.match(ran.all, new RegExp(`pid ${held.pid}.*lock removed`));
    assert.ok(!existsSync(file));
  });

  it("is never broken while its process lives: a second update is refused and names the first", async () => {
    await site.change((settings) =>
      settings.set(MIGRATE, ["sh", "-c", "sleep 20; exec python -m alembic upgrade head"]),
    );
    const first = site.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"]);
    const engine = await nextEngine(site.root, first);
    assert.ok(engine, "the first update runs");
    while ((await readdir(folder).catch(() => [])).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 100));
    const [lock = ""] = await readdir(folder);

    const second = ended(await site.start(["--no-build"]), 1);
    assert.match(second.all, new RegExp(`pid ${engine.pid}\\b`));
    assert.ok(existsSync(join(folder, lock)), "the first update keeps its lock");
    succeeded(await first);
  });

  it("of the checkout's own keeps a second tristack off as well", async () => {
    await site.change((settings) =>
      settings.set(MIGRATE, ["sh", "-c", "sleep 15; exec python -m alembic upgrade head"]),
    );
    const first = site.start(["--no-build"]);
    const engine = await nextEngine(site.root, first);
    assert.ok(engine, "the first update runs");
    const second = ended(await site.tristack(["destroy", "local", "--yes"]), 1);
    assert.match(second.all, /another tristack command works on the stack local \(pid \d+\)/);
    succeeded(await first);
    assert.equal((await site.ask("/api/items")).status, 200);
  });
});

/** Number of a process that has ended. */
function deadPid(): number {
  return spawnSync("true").pid;
}
