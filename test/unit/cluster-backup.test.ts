/** What `tristack backup` and `restore` make of a cluster's answers, over a cluster that is played. */
import assert from "node:assert/strict";
import { ApiException, type V1Job, type V1Pod } from "@kubernetes/client-node";
import { backupHistory } from "../../cli/kubernetes/backup-history.ts";
import type { Cluster } from "../../cli/kubernetes/client.ts";
import { withoutPods } from "../../cli/kubernetes/paused-workloads.ts";
import type { Outputs } from "../../components/outputs.ts";

const OWNER = { project: "tristack", stack: "shop" };

interface Ended {
  readonly name: string;
  readonly of: string;
  readonly passed: boolean;
  /** Minute of the hour in which it began. */
  readonly minute: number;
  readonly message?: string;
  readonly controller?: boolean;
}

describe("the history of backups on a cluster", () => {
  const told = (...jobs: Ended[]) => backupHistory(withJobs(jobs));
  const good = '{"backup": "b", "at": "2026-11-25T03:00:05Z", "bytes": 42}';

  it("has nothing before the first", async () => {
    assert.deepEqual(await told(), { records: {} });
  });

  it("tells the last good one, and the last one that failed while none was made since", async () => {
    const passed = { name: "a", of: "backup", passed: true, minute: 1, message: good };
    const failed = {
      name: "b",
      of: "backup",
      passed: false,
      minute: 2,
      message: "psql: error\nbackup: ALARM: Backup of x/y failed: no dump could be made.\n",
    };
    const record = { backup: { at: "2026-11-25T03:00:05Z", bytes: 42 } };
    assert.deepEqual(await told(failed, passed), {
      records: record,
      failure: { at: "2026-11-25T03:02:30Z", reason: "Backup of x/y failed: no dump could be made." },
    });
    assert.deepEqual(await told(passed, failed, { ...passed, name: "c", minute: 3 }), { records: record });
  });

  it("tells the last drill, and leaves out the Jobs of other commands", async () => {
    const drill = { of: "backup-drill", message: "{}" };
    const { records } = await told(
      { ...drill, name: "a", passed: true, minute: 1 },
      { ...drill, name: "b", passed: false, minute: 2 },
      { name: "c", of: "backup", passed: true, minute: 3, message: good, controller: false },
    );
    assert.deepEqual(records, { restore: { at: "2026-11-25T03:02:30Z", passed: false } });
  });
});

describe("a database that is exchanged on a cluster", () => {
  const outputs = {
    release: {
      settings: {
        services: {
          api: { uses: ["database", "cache"], drain: "1s" },
          web: { uses: [], drain: "1s" },
        },
      },
    },
  } as unknown as Outputs;
  const exchange = (cluster: Played, work: () => Promise<string>) =>
    withoutPods(cluster.cluster, outputs, () => undefined, work, 0);

  it("has no pod that uses it meanwhile, and as many as before afterwards", async () => {
    const played = workload(3);
    assert.equal(await exchange(played, () => Promise.resolve(played.said.join())), "0 (3)");
    assert.deepEqual(played.said, ["0 (3)", "3 (none)"]);
  });

  it("has them again where the exchange failed", async () => {
    const played = workload(3);
    await assert.rejects(
      exchange(played, () => Promise.reject(new Error("no"))),
      /^Error: no$/,
    );
    assert.deepEqual(played.said, ["0 (3)", "3 (none)"]);
  });

  it("has none of a Rollout's, either", async () => {
    const played = workload(2, undefined, "Rollout");
    await exchange(played, () => Promise.resolve(""));
    assert.deepEqual(played.said, ["0 (2)", "2 (none)"]);
  });

  it("has as many as before a command that was killed in between", async () => {
    const played = workload(0, "3");
    await exchange(played, () => Promise.resolve(""));
    assert.deepEqual(played.said, ["0 (3)", "3 (none)"]);
  });
});

interface Played {
  readonly cluster: Cluster;
  /** Each change: replicas, and what is written down beside. */
  readonly said: string[];
}

/** A workload that is as it is told to be at once. */
function workload(replicas: number, recorded?: string, kind = "Deployment"): Played {
  const said: string[] = [];
  const noted = "dev.tristack/replicas-before-restore";
  let deployment = {
    metadata: { annotations: { [noted]: recorded } as Record<string, string | null | undefined> },
    spec: { replicas },
  };
  const objects = {
    read: ({ kind: asked, metadata }: { kind: string; metadata: { name: string } }) => {
      assert.equal(metadata.name, "api", "others are left alone");
      if (asked !== kind) return Promise.reject(new ApiException(404, "", "", {}));
      return Promise.resolve({ ...deployment, status: { readyReplicas: deployment.spec.replicas } });
    },
    patch: (body: typeof deployment & { kind: string }) => {
      assert.equal(body.kind, kind);
      deployment = body;
      said.push(`${body.spec.replicas} (${body.metadata.annotations[noted] ?? "none"})`);
      return Promise.resolve();
    },
  };
  const core = {
    listNamespacedPod: () => Promise.resolve({ items: Array(deployment.spec.replicas).fill({}) }),
  };
  return { cluster: { owner: OWNER, namespace: "shop", objects, core } as unknown as Cluster, said };
}

function withJobs(jobs: readonly Ended[]): Cluster {
  const items = jobs.map(jobOf);
  const batch = { listNamespacedJob: () => Promise.resolve({ items }) };
  const core = {
    listNamespacedPod: ({ labelSelector }: { labelSelector: string }) =>
      Promise.resolve({ items: jobs.filter(({ name }) => labelSelector.endsWith(`=${name}`)).map(podOf) }),
  };
  return { owner: OWNER, namespace: "shop", batch, core } as unknown as Cluster;
}

function jobOf({ name, of, passed, minute, controller = true }: Ended): V1Job {
  const began = new Date(Date.UTC(2026, 10, 25, 3, minute));
  const ended = new Date(began.getTime() + 30_000);
  return {
    metadata: {
      name,
      creationTimestamp: began,
      ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name: of, uid: "1", controller }],
    },
    status: {
      conditions: [{ type: passed ? "Complete" : "Failed", status: "True", lastTransitionTime: ended }],
      ...(passed ? { completionTime: ended } : {}),
    },
  };
}

function podOf({ name, message }: Ended): V1Pod {
  const state = { terminated: { exitCode: 0, message } };
  return { metadata: { name }, status: { containerStatuses: [{ name: "keeper", state } as never] } };
}
