/** Which processes belong to an engine, and which of them it has left behind. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "mocha";
import { type ProcessInfo, isEngine, listProcesses, orphanedHelpers, parsePs } from "../../cli/processes.ts";
import { listeningSockets } from "../../cli/ports.ts";

const ROOT = "/srv/checkout";

function one(pid: number, parent: number, argv: string[], folder: string | undefined = ROOT): ProcessInfo {
  return { pid, parent, argv, folder };
}

describe("engine", () => {
  const cases: [string[], boolean][] = [
    [["pulumi", "up"], true],
    [["/home/a user/.pulumi/versions/3.259.0/bin/pulumi", "up"], true],
    [["/p/pulumi-resource-docker", "127.0.0.1:1"], false],
    [["node", "/x/node_modules/.bin/pulumi", "up"], false],
    [["vim", "pulumi"], false],
    [[], false],
  ];
  for (const [argv, expected] of cases) {
    it(`${JSON.stringify(argv)}: ${expected}`, () => assert.equal(isEngine(one(1, 0, argv)), expected));
  }
});

describe("orphaned helpers", () => {
  const language = ["/v/bin/pulumi-language-nodejs", "127.0.0.1:1"];
  const program = ["/x/node", "/x/node_modules/@pulumi/pulumi/cmd/run/index.js", "--monitor"];
  const plugin = ["/v/pulumi-resource-docker", "127.0.0.1:1"];

  it("are those without a living engine above them", () => {
    const processes = [
      one(1, 0, ["init"], "/"),
      one(10, 1, ["/v/bin/pulumi", "up"]),
      one(11, 10, language),
      one(12, 11, program),
      one(13, 10, plugin),
      one(21, 1, language),
      one(22, 21, program),
      one(23, 1, plugin),
    ];
    assert.deepEqual(
      orphanedHelpers(processes, ROOT).map((found) => found.pid),
      [21, 22, 23],
    );
  });

  it("are only those of this checkout, where the system tells", () => {
    const processes = [
      one(23, 1, plugin, "/elsewhere"),
      one(24, 1, plugin, `${ROOT}-2`),
      one(25, 1, plugin, `${ROOT}/below`),
      { pid: 26, parent: 1, argv: plugin },
    ];
    assert.deepEqual(
      orphanedHelpers(processes, ROOT).map((found) => found.pid),
      [25, 26],
    );
  });

  it("are no editors or builds that merely name a plugin", () => {
    const build = ["go", "build", "-o", "pulumi-resource-docker", "./cmd/pulumi-resource-docker"];
    assert.deepEqual(
      orphanedHelpers([one(30, 1, build), one(31, 1, ["less", "@pulumi/pulumi/cmd/runner"])], ROOT),
      [],
    );
  });
});

describe("process list", () => {
  it("has this process, its arguments and its start", async () => {
    const self = (await listProcesses()).find((found) => found.pid === process.pid);
    assert.ok(self);
    assert.equal(self.parent, process.ppid);
    assert.match(self.argv.join(" "), /mocha/);
    const started = Date.now() - process.uptime() * 1000;
    assert.ok(
      Math.abs((self.started?.getTime() ?? 0) - started) < 10_000,
      `${String(self.started)} is not about its start`,
    );
  });

  it("leaves out one that is dead and not yet counted", async function () {
    if (process.platform !== "linux") return this.skip();
    const child = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const zombie = Number(line.toString());
    // Its parent has become a program that never asks how it ended.
    const isZombie = () => /^State:\s+Z/m.test(readFileSync(`/proc/${zombie}/status`, "utf8"));
    while (!isZombie()) await sleep(20);
    const pids = (await listProcesses()).map((found) => found.pid);
    child.kill("SIGKILL");
    assert.ok(pids.includes(child.pid ?? -1));
    assert.ok(!pids.includes(zombie));
  });

  it("is read from ps where there is no /proc", () => {
    const text = [
      "  501     1 Ss   Mon Nov 23 18:54:40 2026     /v/bin/pulumi up --stack local",
      "  502   501 Z    Mon Nov 23 18:54:41 2026     (pulumi-resource)",
    ].join("\n");
    assert.deepEqual(parsePs(text), [
      {
        pid: 501,
        parent: 1,
        argv: ["/v/bin/pulumi", "up", "--stack", "local"],
        started: new Date("Mon Nov 23 18:54:40 2026"),
      },
    ]);
  });
});

describe("sockets that listen on a port", () => {
  it("are found in the text of /proc/net/tcp", () => {
    const table = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1111 1",
      "   1: 0100007F:1F90 0100007F:D3F2 01 00000000:00000000 00:00000000 00000000     0        0 2222 1",
      "   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3333 1",
    ].join("\n");
    assert.deepEqual(listeningSockets(table, 8080), ["1111"]);
    assert.deepEqual(listeningSockets(table, 80), ["3333"]);
    assert.deepEqual(listeningSockets(table, 443), []);
  });
});
