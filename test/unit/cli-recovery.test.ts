/** Interrupted updates: whose lock it is, whether it may be broken, what may be removed. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ProcessInfo } from "../../cli/processes.ts";
import {
  type AnyLock,
  type Deployment,
  type Lock,
  age,
  decide,
  describe as tell,
  failedOnce,
  judgeLock,
  lostCreations,
  parseLockFile,
  parseLockMessage,
  unrecorded,
  vanished,
} from "../../cli/recovery.ts";

const SINCE = new Date("2026-11-23T18:54:40Z");
const LOCK: Lock = { user: "root", host: "vm", pid: 123, since: SINCE, file: "/state/a.json" };

/** An engine with the lock's pid, started `seconds` after the lock was made. */
function engine(seconds = -5, argv = ["/home/u/.pulumi/versions/3.259.0/bin/pulumi", "up"]): ProcessInfo {
  return { pid: 123, parent: 1, argv, started: new Date(SINCE.getTime() + seconds * 1000) };
}

function machine(...processes: ProcessInfo[]) {
  return { user: "root", host: "vm", processes, root: "/checkout" };
}

describe("lock message", () => {
  // As the CLI 3.259 prints it for a file backend.
  const message = [
    "error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.",
    "  file:///tmp/a b/.pulumi/locks/organization/p/local/423e103f.json?no_tmp_dir=true: created by root@vm (pid 24642) at 2026-11-23T18:54:40Z",
    "  s3://bucket/.pulumi/locks/organization/p/local/6d.json: created by EXAMPLE\\ann@ci-7.example.com (pid 7) at 2026-11-23T19:00:01+01:00",
  ].join("\n");

  it("gives every holder", () => {
    assert.deepEqual(parseLockMessage(message), [
      { user: "root", host: "vm", pid: 24642, since: new Date("2026-11-23T18:54:40Z") },
      { user: "EXAMPLE\\ann", host: "ci-7.example.com", pid: 7, since: new Date("2026-11-23T18:00:01Z") },
    ]);
  });

  it("gives none for another error", () => {
    assert.deepEqual(parseLockMessage("error: [409] Conflict: Another update is currently in progress."), []);
  });
});

describe("lock file", () => {
  it("is read as a file backend writes it", () => {
    const text =
      '{"pid":24642,"username":"root","hostname":"vm","timestamp":"2026-11-23T18:54:40.758923243Z"}';
    const lock = parseLockFile("/l.json", text);
    assert.deepEqual(lock, {
      file: "/l.json",
      pid: 24642,
      user: "root",
      host: "vm",
      since: new Date("2026-11-23T18:54:40.758Z"),
    });
  });

  for (const [what, text] of [
    ["empty", ""],
    ["cut off", '{"pid":246'],
    ["of another form", '{"pid":"x"}'],
  ]) {
    it(`that is ${what} is unreadable, not an error`, () => {
      assert.deepEqual(parseLockFile("/l.json", text ?? ""), { file: "/l.json" });
    });
  }
});

describe("judging a lock", () => {
  const cases: [string, AnyLock, ProcessInfo[], string][] = [
    ["no such process", LOCK, [], "dead"],
    ["the engine runs", LOCK, [engine()], "alive"],
    ["the engine runs, start unknown", LOCK, [{ ...engine(), started: undefined }], "alive"],
    ["the pid belongs to something else by now", LOCK, [engine(-5, ["/usr/bin/vim", "pulumi"])], "dead"],
    ["the pid belongs to a plugin by now", LOCK, [engine(-5, ["/p/pulumi-resource-docker", "1"])], "dead"],
    ["the pid belongs to a later engine", LOCK, [engine(60)], "dead"],
    ["another machine", { ...LOCK, host: "ci" }, [], "foreign"],
    ["another user", { ...LOCK, user: "ann" }, [], "foreign"],
    ["another machine, same pid alive here", { ...LOCK, host: "ci" }, [engine()], "foreign"],
    ["unreadable, an engine runs here", { file: "/l" }, [engine()], "foreign"],
    ["unreadable, an engine works elsewhere", { file: "/l" }, [{ ...engine(), folder: "/other" }], "dead"],
    ["unreadable, no engine here", { file: "/l" }, [engine(0, ["bash"])], "dead"],
  ];
  for (const [name, lock, processes, expected] of cases) {
    it(`${name}: ${expected}`, () => assert.equal(judgeLock(lock, machine(...processes)), expected));
  }
});

describe("decision", () => {
  const nothing = { locks: [], machine: machine(), pending: [], strangers: [], restored: false };
  const pending = [{ type: "creating", resource: { urn: "urn:pulumi:s::p::t::n" } }];
  const strangers = [{ id: "c1", name: "web" }];

  it("nothing interrupted: nothing to do", () => assert.deepEqual(decide(nothing), { kind: "none" }));

  it("a dead lock: recover, without a refresh when nothing is pending", () => {
    const decision = decide({ ...nothing, locks: [LOCK], strangers });
    assert.deepEqual(decision, { kind: "recover", locks: [LOCK], refresh: false });
  });

  it("pending operations alone: recover with a refresh", () => {
    assert.deepEqual(decide({ ...nothing, pending, strangers }), {
      kind: "recover",
      locks: [],
      refresh: true,
    });
  });

  it("a restored checkpoint: recover", () => {
    assert.deepEqual(decide({ ...nothing, restored: true }), { kind: "recover", locks: [], refresh: false });
  });

  it("strangers without a sign of an interruption are left alone", () => {
    assert.deepEqual(decide({ ...nothing, strangers }), { kind: "strangers" });
  });

  it("a lock that is alive or foreign wins over everything", () => {
    const foreign: Lock = { ...LOCK, host: "ci", pid: 9 };
    const alive = decide({ ...nothing, locks: [LOCK], machine: machine(engine()), pending, strangers });
    assert.deepEqual(alive, { kind: "held", by: [LOCK], verdict: "alive" });
    const both = decide({ ...nothing, locks: [LOCK, foreign], machine: machine(engine()) });
    assert.deepEqual(both, { kind: "held", by: [foreign], verdict: "foreign" });
    const deadAndForeign = decide({ ...nothing, locks: [LOCK, foreign], pending });
    assert.equal(deadAndForeign.kind, "held");
  });
});

describe("sweep", () => {
  const container = (name: string, id: string, more: object = {}) => ({
    urn: `urn:pulumi:local::tristack::docker:index/container:Container::${name}`,
    type: "docker:index/container:Container",
    id,
    ...more,
  });
  const deployment: Deployment = {
    resources: [
      container("web-0", "w0"),
      container("web-old", "gone", { delete: true }),
      container("switch", "replaced", { pendingReplacement: true }),
      container("db", "d1"),
      { urn: "urn::n", type: "docker:index/network:Network", id: "n1" },
    ],
  };
  const owned = (...ids: string[]) => ids.map((id) => ({ id, name: `name-${id}` }));

  it("takes what the state does not know, and only that", () => {
    assert.deepEqual(unrecorded(owned("w0", "x1", "d1", "n1", "x2"), deployment), owned("x1", "x2"));
  });

  it("spares what the state has marked for deletion: the engine deletes it", () => {
    assert.deepEqual(unrecorded(owned("gone"), deployment), []);
  });

  it("takes everything when the state is empty", () => {
    assert.deepEqual(unrecorded(owned("a", "b"), {}), owned("a", "b"));
  });

  it("names containers that Docker has lost", () => {
    assert.deepEqual(
      vanished(owned("w0"), deployment).map((one) => one.id),
      ["d1"],
    );
  });

  it("finds one-shot containers that failed, and no others", () => {
    const state: Deployment = {
      resources: [
        container("ran", "1", { outputs: { mustRun: false, exitCode: 0 } }),
        container("failed", "2", { outputs: { mustRun: false, exitCode: 1 } }),
        container("serves", "3", { outputs: { mustRun: true, exitCode: 137 } }),
      ],
    };
    assert.deepEqual(failedOnce(state), [
      "urn:pulumi:local::tristack::docker:index/container:Container::failed",
    ]);
  });
});

describe("report", () => {
  it("says in plain words what was done", () => {
    const report = {
      locks: [LOCK],
      ended: ["pulumi-resource-docker"],
      containers: ["web-0", "web-1"],
      networks: [],
      pending: 1,
      lost: ["aws Vpc network"],
      restored: false,
    };
    assert.deepEqual(tell(report, new Date(SINCE.getTime() + 12_000)), [
      "an update of 12 s ago by root@vm (pid 123, dead) was interrupted: lock removed",
      "1 orphaned process ended: pulumi-resource-docker",
      "2 containers removed that the state had never recorded: web-0, web-1",
      "1 unfinished operation cleared, state read anew from what carries it",
      "1 creation may have gone through without the state having heard of it; look for aws Vpc network, and remove what is there twice",
    ]);
  });

  it("names creations at a cloud, which nobody can sweep, unless they were taken over", () => {
    const urn = (type: string, name: string) => `urn:pulumi:s::p::tristack:x:Y$${type}::${name}`;
    const operation = (type: string, of: string) => ({ type, resource: { urn: of } });
    const [vpc, bucket] = [urn("aws:ec2/vpc:Vpc", "network"), urn("aws:s3/bucket:Bucket", "site")];
    const pending = [
      operation("creating", vpc),
      operation("creating", bucket),
      operation("updating", urn("aws:rds/instance:Instance", "database")),
      operation("creating", urn("docker:index/container:Container", "web")),
    ];
    assert.deepEqual(lostCreations(pending, [bucket]), ["aws Vpc network"]);
  });

  it("tells ages in the unit that fits", () => {
    const after = (seconds: number) => age(SINCE, new Date(SINCE.getTime() + seconds * 1000));
    assert.deepEqual([0, 119, 600, 10_800, 400_000].map(after), ["0 s", "119 s", "10 min", "3 h", "5 days"]);
    assert.equal(after(-5), "0 s");
  });
});
