/** Locks among commands: one at a time, a dead one's is taken over once, a living one's never; and waiting for it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, it } from "mocha";
import { failed } from "../../cli/errors.ts";
import { HeldError, onceFree } from "../../cli/held.ts";
import { exclusively } from "../../cli/mutex.ts";

const CLI = pathToFileURL(join(import.meta.dirname, "..", "..", "cli")).href;
const AT_ONCE = 10;

describe("the checkout's own lock", () => {
  let root: string;
  let lock: string;
  const project = () => ({ root, name: "p" });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tristack-held-"));
    mkdirSync(join(root, ".tristack", "locks"), { recursive: true });
    lock = join(root, ".tristack", "locks", "shop.pid");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** What each command does: notes when it begins and ends, and works for a moment. */
  function command(): string {
    const file = join(root, "tristack.ts");
    writeFileSync(
      file,
      `import { appendFileSync } from "node:fs";
       import { setTimeout as sleep } from "node:timers/promises";
       import { exclusively } from "${CLI}/mutex.ts";
       import { onceFree } from "${CLI}/held.ts";
       const note = (word) => appendFileSync("${join(root, "log")}", word + " " + process.pid + "\\n");
       await onceFree(60, () => {}, () => exclusively({ root: "${root}", name: "p" }, "shop", async () => {
         note("begin"); await sleep(40); note("end");
       }), 0.02);`,
    );
    return file;
  }

  it(`lets ${AT_ONCE} at once work one after the other, be it that a dead one's is in their way`, async () => {
    writeFileSync(lock, String(spawnSync("true").pid));
    const file = command();
    await Promise.all(Array.from({ length: AT_ONCE }, () => execa(process.execPath, [file])));
    const lines = readFileSync(join(root, "log"), "utf8").trim().split("\n");
    assert.equal(lines.length, 2 * AT_ONCE);
    for (let index = 0; index < lines.length; index += 2) {
      const [word, pid] = (lines[index] ?? "").split(" ");
      assert.equal(word, "begin");
      assert.equal(lines[index + 1], `end ${pid}`);
    }
    assert.deepEqual(readdirSync(join(root, ".tristack", "locks")), []);
  });

  it("is never taken over while its process lives, and names it", async () => {
    writeFileSync(join(root, "tristack-sleeps.mjs"), "setTimeout(() => {}, 60_000);");
    const other = execa(process.execPath, [join(root, "tristack-sleeps.mjs")], { reject: false });
    try {
      writeFileSync(lock, String(other.pid));
      const refused = exclusively(project(), "shop", () => Promise.resolve());
      await assert.rejects(refused, (error: Error) => {
        assert.ok(error instanceof HeldError);
        assert.match(error.message, new RegExp(`pid ${other.pid}`));
        return true;
      });
      assert.equal(readFileSync(lock, "utf8"), String(other.pid));
    } finally {
      other.kill();
      await other;
    }
  });

  it("leaves a takeover to whoever is at it, unless that one was killed in it", async () => {
    writeFileSync(lock, String(spawnSync("true").pid));
    mkdirSync(`${lock}.takeover`);
    await assert.rejects(
      exclusively(project(), "shop", () => Promise.resolve()),
      HeldError,
    );
    spawnSync("touch", ["-d", "1 minute ago", `${lock}.takeover`]);
    assert.equal(
      await onceFree(
        5,
        () => undefined,
        () => exclusively(project(), "shop", () => Promise.resolve(7)),
        0.01,
      ),
      7,
    );
    assert.ok(!existsSync(`${lock}.takeover`));
  });
});

describe("waiting for whoever is at a stack", () => {
  /** Held so many times, then free. */
  const heldFor = (times: number) => {
    let left = times;
    return () => {
      left -= 1;
      return left < 0 ? Promise.resolve("done") : Promise.reject(new HeldError("held by ann"));
    };
  };

  it("goes on once they have ended, and names them once", async () => {
    const said: string[] = [];
    assert.equal(await onceFree(5, (line) => said.push(line), heldFor(3), 0.01), "done");
    assert.deepEqual(said, ["waiting: held by ann"]);
  });

  it("refuses at once by default, and after the time that was given", async () => {
    await assert.rejects(
      onceFree(0, () => undefined, heldFor(1)),
      HeldError,
    );
    await assert.rejects(
      onceFree(0.05, () => undefined, heldFor(1000), 0.01),
      HeldError,
    );
  });

  it("never tries again what failed by itself", async () => {
    let tries = 0;
    const work = () => {
      tries += 1;
      return Promise.reject(failed("no room"));
    };
    await assert.rejects(
      onceFree(5, () => undefined, work, 0.01),
      /no room/,
    );
    assert.equal(tries, 1);
  });
});
