/** Since when containers have had their time to get healthy: what the switch is told, and what it makes of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerStart } from "../../cli/container-starts.ts";
import { startupTimes } from "../../cli/startup-times.ts";

const start = (name: string, at: number, again = false): ContainerStart => ({
  id: `id-of-${name}`,
  name,
  resource: name,
  at,
  again,
});

describe("the starts of a release's containers", () => {
  const heard = async (starts: readonly ContainerStart[], endedAfterMs = 200) => {
    const told: [string, [string, number][]][] = [];
    const ended = AbortSignal.timeout(endedAfterMs);
    const hear = startupTimes((id, all) => Promise.resolve(told.push([id, [...all]])), ended, 50);
    starts.forEach(hear);
    await sleep(120);
    return told;
  };

  it("are told to the switch; a container that crashed is not given its time once more", async () => {
    const told = await heard([
      start("web-1", 100),
      start("api-1", 101),
      start("switch", 104),
      start("api-1", 110, true),
    ]);
    assert.deepEqual(told, [
      [
        "id-of-switch",
        [
          ["web-1", 100],
          ["api-1", 101],
        ],
      ],
    ]);
  });

  it("are told to nobody where the update ends before, or has no switch", async () => {
    assert.deepEqual(await heard([start("web-1", 100), start("switch", 101)], 10), []);
    assert.deepEqual(await heard([start("web-1", 100)]), []);
  });
});

describe("the switch", () => {
  const text = readFileSync(new URL("../../components/docker/nginx/switch.sh", import.meta.url), "utf8");
  const since = /^since\(\) .*$/m.exec(text)?.[0].replace("/tmp/starts", "$STARTS");

  /** What it takes for the start of `host`, where its own was at 500. */
  const sinceOf = (host: string, starts: string) =>
    spawnSync("sh", ["-c", `started=500; ${since}\nsince "$1"`, "sh", host], {
      env: { ...process.env, STARTS: starts },
      encoding: "utf8",
    }).stdout.trim();

  it("counts from a container's start where it was told, and from its own where not", () => {
    const folder = mkdtempSync(join(tmpdir(), "tristack-starts-"));
    try {
      const file = join(folder, "starts");
      writeFileSync(file, "web-1 490\napi-1 495\n");
      assert.deepEqual(
        ["web-1", "api-1", "api-10"].map((host) => sinceOf(host, file)),
        ["490", "495", "500"],
      );
      assert.equal(sinceOf("web-1", join(folder, "missing")), "500");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
