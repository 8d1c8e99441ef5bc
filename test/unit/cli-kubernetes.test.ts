/** What the command line makes of a cluster's answers. Real ones are in test/e2e/kubernetes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { adoptable } from "../../cli/kubernetes/adopt.ts";
import { clusterAt, clusterOf } from "../../cli/kubernetes/client.ts";
import { imageTrouble } from "../../cli/kubernetes/image-watch.ts";
import { oldPods } from "../../cli/kubernetes/handover.ts";
import { sinceOf } from "../../cli/kubernetes/pod-log.ts";
import { stateOf } from "../../cli/kubernetes/pods.ts";
import { freeOn, unplaced } from "../../cli/kubernetes/room.ts";
import { requestsIn } from "../../cli/kubernetes/traffic.ts";
import { CliError } from "../../cli/errors.ts";
import type { Project } from "../../cli/project.ts";

const ROOT = { root: import.meta.dirname };
const OWNER = { project: "shop", stack: "staging" };
const KUBECONFIG = "../support/kubeconfig.yaml";

describe("the cluster of a stack", () => {
  it("is that of the kubeconfig, in the stack's namespace or another", () => {
    const cluster = clusterAt(ROOT, OWNER, { cluster: { kubeconfig: KUBECONFIG } });
    assert.equal(cluster.namespace, "staging");
    assert.match(cluster.config.getCurrentCluster()?.server ?? "", /^https:/);
    const named = clusterAt(ROOT, OWNER, { cluster: { kubeconfig: KUBECONFIG }, namespace: "other" });
    assert.equal(named.namespace, "other");
  });

  it("refuses a file that is not there, and a context that is not in it", () => {
    const refused = (cluster: object, message: RegExp) =>
      assert.throws(
        () => clusterAt(ROOT, OWNER, { cluster }),
        (error) => error instanceof CliError && error.exitCode === 2 && message.test(error.message),
      );
    refused({ kubeconfig: "nowhere.yaml" }, /^cluster\.kubeconfig: nowhere\.yaml cannot be read/);
    refused({ kubeconfig: KUBECONFIG, context: "mars" }, /^cluster\.context: mars; needs one of: \w/);
  });
});

describe("the cluster that another stack exports", () => {
  const engine = (outputs: Record<string, unknown>) => ({
    project: { ...ROOT } as Project,
    owner: OWNER,
    outputOf: (stack: string, name: string) =>
      Promise.resolve(stack === "platform" ? outputs[name] : undefined),
  });

  it("is reached by its kubeconfig, in a context of it", async () => {
    const kubeconfig = readFileSync(new URL("../support/kubeconfig.yaml", import.meta.url), "utf8");
    const cluster = await clusterOf(engine({ kubeconfig }), { cluster: { stack: "platform" } });
    assert.match(cluster.config.getCurrentCluster()?.server ?? "", /^https:/);
    await assert.rejects(
      clusterOf(engine({ kubeconfig }), { cluster: { stack: "platform", context: "mars" } }),
      /^CliError: cluster\.context: mars; needs one of: \w/,
    );
  });

  it("is bad input where there is none", async () => {
    for (const [stack, outputs] of [
      ["platform", {}],
      ["platform", { kubeconfig: "" }],
      ["nobody", { kubeconfig: "x" }],
    ] as const)
      await assert.rejects(
        clusterOf(engine(outputs), { cluster: { stack } }),
        (error) =>
          error instanceof CliError &&
          error.exitCode === 2 &&
          error.message.startsWith(`cluster.stack: ${stack} exports no kubeconfig; needs`),
      );
  });
});

describe("the requests that a pod counts", () => {
  it("are summed over its labels, errors of the server apart", () => {
    const metrics = [
      "# TYPE http_requests_total counter",
      'http_requests_total{method="GET",endpoint="/items",status="200"} 12.0',
      'http_requests_total{status="500",method="GET",endpoint="/items"} 3.0',
      'http_requests_total{method="POST",endpoint="/items",status="503"} 1e+02',
      'http_requests_total{method="GET",endpoint="/5",status="404"} 2',
      'http_requests_total_of_others{status="500"} 7',
      'http_request_duration_seconds_count{status="500"} 9',
    ].join("\n");
    assert.deepEqual(requestsIn(metrics), { requests: 117, failed: 103 });
    assert.deepEqual(requestsIn(""), { requests: 0, failed: 0 });
  });
});

describe("a pod's state in words", () => {
  const pod = (status: V1Pod["status"], metadata: V1Pod["metadata"] = {}): V1Pod => ({ metadata, status });
  const container = (over: object) => ({
    name: "x",
    image: "x",
    imageID: "",
    restartCount: 0,
    ready: true,
    ...over,
  });

  it("says what is wrong and how often", () => {
    assert.equal(stateOf(pod({ phase: "Running", containerStatuses: [container({})] })), "Running");
    assert.equal(
      stateOf(pod({ phase: "Running", containerStatuses: [container({ ready: false })] })),
      "Running, not ready",
    );
    const crashing = container({
      ready: false,
      restartCount: 2,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode: 1, reason: "Error" } },
    });
    assert.equal(
      stateOf(pod({ phase: "Running", containerStatuses: [crashing] })),
      "CrashLoopBackOff, not ready, restarted 2 times (exit code 1)",
    );
    const killed = container({
      ready: false,
      restartCount: 1,
      lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
    });
    assert.equal(
      stateOf(pod({ phase: "Running", containerStatuses: [killed] })),
      "Running, not ready, restarted 1 time (OOMKilled, exit code 137)",
    );
    const failed = container({ ready: false, state: { terminated: { exitCode: 3, reason: "Error" } } });
    assert.equal(stateOf(pod({ phase: "Failed", containerStatuses: [failed] })), "Error, exit code 3");
    assert.equal(stateOf(pod({ phase: "Running" }, { deletionTimestamp: new Date() })), "Terminating");
    const conditions = [
      { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "Insufficient cpu" },
    ];
    assert.equal(stateOf(pod({ phase: "Pending", conditions })), "Pending: Unschedulable: Insufficient cpu");
  });
});

describe("room on nodes", () => {
  const node = (name: string, more: object = {}): V1Node => ({
    metadata: { name },
    spec: {},
    status: { allocatable: { cpu: "2", memory: "1Gi" } },
    ...more,
  });
  const pod = (nodeName: string, cpu: string, phase = "Running"): V1Pod => ({
    spec: { nodeName, containers: [{ name: "x", resources: { requests: { cpu, memory: "256Mi" } } }] },
    status: { phase },
  });
  const service = (cpu: number) => ({ cpu, memory: "1GiB", requests: { cpu, memory: "256MiB" } });

  it("is what pods that have not ended leave of nodes that take any", () => {
    const closed = node("c", { spec: { taints: [{ key: "k", effect: "NoSchedule" }] } });
    const cordoned = node("d", { spec: { unschedulable: true } });
    const pods = [pod("a", "500m"), pod("a", "1", "Succeeded"), pod("b", "1")];
    assert.deepEqual(freeOn([node("a"), node("b"), closed, cordoned], pods), [
      { cpu: 1.5, memory: 768 * 2 ** 20 },
      { cpu: 1, memory: 768 * 2 ** 20 },
    ]);
  });

  it("names the services whose next pod fits nowhere, each node being filled once", () => {
    const free = [{ cpu: 1, memory: 2 ** 30 }];
    assert.deepEqual(unplaced(free, { web: service(0.6) }), []);
    assert.deepEqual(
      unplaced(free, { web: service(0.6), api: service(0.6) }).map((one) => one.service),
      ["api"],
    );
    assert.equal(unplaced([], { web: service(0.1) }).length, 1);
  });
});

describe("an image that no node can have", () => {
  const pod = (reason: string, deletionTimestamp?: Date): V1Pod => ({
    metadata: { name: "api-1", deletionTimestamp },
    status: {
      containerStatuses: [
        {
          name: "api",
          image: "x",
          imageID: "",
          ready: false,
          restartCount: 0,
          state: { waiting: { reason, message: "not found" } },
        },
      ],
    },
  });

  it("is told by the kubelet's reasons, of pods that are to stay", () => {
    assert.deepEqual(imageTrouble(pod("ImagePullBackOff")), [["api-1", "ImagePullBackOff: not found"]]);
    assert.deepEqual(imageTrouble(pod("ContainerCreating")), []);
    assert.deepEqual(imageTrouble(pod("ImagePullBackOff", new Date())), []);
  });
});

describe("the hand-over from one release to the next", () => {
  const now = new Date("2026-11-25T12:00:00Z");
  const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
  const pod = (name: string, part: string, hash: string | undefined, age: number, told?: number): V1Pod => ({
    metadata: {
      name,
      labels: { "app.kubernetes.io/name": part, ...(hash ? { "pod-template-hash": hash } : {}) },
      creationTimestamp: ago(age),
      ...(told === undefined ? {} : { deletionTimestamp: ago(told - 45), deletionGracePeriodSeconds: 45 }),
    },
  });

  it("is over once old pods have been told to end for so long that nobody sends them anything", () => {
    const pods = [
      pod("web-new", "web", "b", 10),
      pod("web-old", "web", "a", 100),
      pod("web-told", "web", "a", 100, 2),
      pod("web-ending", "web", "a", 100, 11),
      pod("api-only", "api", "c", 100),
      pod("postgres-0", "postgres", undefined, 100),
    ];
    assert.deepEqual(oldPods(pods, now), ["web-old", "web-told"]);
  });

  it("is over where nothing was to be replaced", () => {
    assert.deepEqual(oldPods([pod("web-1", "web", "a", 5), pod("web-2", "web", "a", 900)], now), []);
  });
});

describe("after an interruption", () => {
  it("only objects that were being created and are there are taken over, by their ids", async () => {
    const asked: unknown[] = [];
    const objects = {
      read: (object: { metadata: { name: string } }) => {
        asked.push(object);
        return object.metadata.name === "gone" ? Promise.resolve(undefined) : Promise.resolve(object);
      },
    };
    const pending = (type: string, inputs?: object) => ({
      type,
      resource: { urn: `urn:${asked.length}`, inputs },
    });
    const object = (name: string, namespace?: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, ...(namespace ? { namespace } : {}) },
      data: { secret: "x" },
    });
    const made = await adoptable(
      { objects } as unknown as Parameters<typeof adoptable>[0],
      [
        pending("creating", object("key", "shop")),
        pending("creating", object("shop")),
        pending("creating", object("gone", "shop")),
        pending("updating", object("other", "shop")),
        pending("creating", { length: 32 }),
        pending("creating"),
      ] as Parameters<typeof adoptable>[1],
    );
    assert.deepEqual(
      made.map(({ id }) => id),
      ["shop/key", "shop"],
    );
    assert.equal(asked.length, 3);
  });
});

describe("logs since", () => {
  it("takes durations and times, and refuses anything else", () => {
    assert.deepEqual(sinceOf(undefined), {});
    assert.deepEqual(sinceOf("10m"), { sinceSeconds: 600 });
    assert.deepEqual(sinceOf("2026-11-24T10:00:00Z"), { sinceTime: "2026-11-24T10:00:00.000Z" });
    assert.throws(() => sinceOf("yesterday"), /--since: yesterday; needs a duration/);
  });
});
