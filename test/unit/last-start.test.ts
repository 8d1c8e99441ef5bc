/** Since when containers have their time to get healthy: what the switch is told, and what it makes of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerStart } from "../../cli/container-starts.ts";
import { tellingLastStart } from "../../cli/last-start.ts";

const start = (name: string, at: number, again = false): ContainerStart => ({
  id: `id-of-${name}`,
  name,
  resource: name,
  at,
  again,
});

describe("the starts of a release's containers", () => {
  const heard = async (starts: readonly ContainerStart[], endedAfterMs = 200) => {
    const told: [string, number][] = [];
    const ended = AbortSignal.timeout(endedAfterMs);
    const hear = tellingLastStart((id, lastStart) => Promise.resolve(told.push([id, lastStart])), ended, 50);
    starts.forEach(hear);
    await sleep(120);
    return told;
  };

  it("are told to the switch: that of the last, which counts for all", async () => {
    const told = await heard([start("web-1", 100), start("api-1", 161), start("switch", 164)]);
    assert.deepEqual(told, [["id-of-switch", 161]]);
  });

  it("do not count a second time after a crash, nor those that come after the switch's", async () => {
    const told = await heard([
      start("api-1", 101),
      start("api-1", 103, true),
      start("switch", 104),
      start("grafana", 106),
    ]);
    assert.deepEqual(told, [["id-of-switch", 101]]);
  });

  it("are told to nobody where the update ends before, or there is nothing to tell", async () => {
    assert.deepEqual(await heard([start("web-1", 100), start("switch", 101)], 10), []);
    assert.deepEqual(await heard([start("web-1", 100)]), []);
    assert.deepEqual(await heard([start("switch", 101)]), []);
  });
});

describe("the switch", () => {
  const text = readFileSync(new URL("../../components/docker/nginx/switch.sh", import.meta.url), "utf8");
  const since = /^since\(\) .*$/m.exec(text)?.[0].replace("/tmp/last-start", '"$TOLD"');

  /** Since when its containers have their time, where it was started at 500 itself. @param told file with what it was told */
  const sinceOf = (told: string) =>
    spawnSync("sh", ["-c", `started=500; ${since}\nsince`], {
      env: { ...process.env, TOLD: told },
      encoding: "utf8",
    }).stdout.trim();

  it("counts from the last start that it was told, and from its own where it was told none", () => {
    const folder = mkdtempSync(join(tmpdir(), "tristack-starts-"));
    try {
      const file = join(folder, "last-start");
      writeFileSync(file, "495\n");
      assert.equal(sinceOf(file), "495");
      assert.equal(sinceOf(join(folder, "missing")), "500");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
