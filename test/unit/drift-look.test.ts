/** What drift is beyond the engine: Docker's containers, the proxy's files, a cluster's objects, locks. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { execa } from "execa";
import { describe, it } from "mocha";
import { interruptedFindings, judged } from "../../cli/drift/at-work.ts";
import { addedTo } from "../../cli/drift/cluster-look.ts";
import { type SeenContainer, containerFindings } from "../../cli/drift/docker-look.ts";
import { fileChanges, toldTo } from "../../cli/drift/proxy-files.ts";
import type { Lock, StateResource } from "../../cli/recovery.ts";

const CONTAINER = "docker:index/container:Container";
const ID = "0123456789abcdef0123456789abcdef";

function stateOf(name: string, inputs: Record<string, unknown>): StateResource {
  return {
    urn: `urn:pulumi:shop::p::${CONTAINER}::${name}`,
    type: CONTAINER,
    id: ID,
    inputs,
  };
}

function container(name: string, networks: Record<string, string[]>, status = "running"): SeenContainer {
  return {
    Id: ID,
    Name: `/shop-${name}`,
    State: { Running: status !== "exited", Paused: status === "paused", Status: status },
    NetworkSettings: {
      Networks: Object.fromEntries(Object.entries(networks).map(([one, Aliases]) => [one, { Aliases }])),
    },
  };
}

describe("drift of containers, as Docker tells", () => {
  const inputs = { mustRun: true, networksAdvanced: [{ name: "back", aliases: ["redis"] }] };
  const found = (seen: SeenContainer, more: Record<string, unknown> = {}) =>
    containerFindings(
      { resources: [stateOf("redis", { ...inputs, ...more })] },
      [seen],
      "docker --host ssh://a@b",
    );

  it("is none of one that runs in its networks, by whatever id Docker adds to its names", () => {
    assert.deepEqual(found(container("redis", { back: ["redis", "0123456789ab"] })), []);
  });

  it("is none of one that has run to its end, or was never to run", () => {
    assert.deepEqual(found(container("redis", {}, "exited"), { mustRun: false }), []);
    assert.deepEqual(found(container("redis", {}, "created"), { start: false }), []);
  });

  it("is one that is stopped or paused, with the command for that Docker", () => {
    const [stopped] = found(container("redis", { back: ["redis"] }, "exited"));
    assert.equal(stopped?.kind, "stopped");
    assert.equal(stopped?.mend, "docker --host ssh://a@b start shop-redis");
    const [paused] = found(container("redis", { back: ["redis"] }, "paused"));
    assert.match(paused?.mend ?? "", /unpause shop-redis$/);
  });

  it("is one that left a network, joined another one, or lost its name there", () => {
    const [moved] = found(container("redis", { front: [] }));
    assert.deepEqual(moved?.properties, [
      { path: "networks", before: "back", after: undefined },
      { path: "networks", before: undefined, after: "front" },
    ]);
    assert.equal(
      moved?.mend.replaceAll("docker --host ssh://a@b ", ""),
      "network connect --alias redis back shop-redis && network disconnect front shop-redis",
    );
    const [renamed] = found(container("redis", { back: ["other"] }));
    assert.deepEqual(renamed?.properties, [
      { path: "networks[back].aliases", before: "redis", after: "other" },
    ]);
  });
});

describe("drift of the proxy's files", () => {
  const files = {
    current: "v1-ab",
    "nginx.conf": "a 1;\nb 2;\n",
    upstreams: "web w-0 3000 / 20\nweb w-1 3000 / 20",
  };

  it("is what the switch was told, against what is there", () => {
    const envs = [
      "AFTER=x",
      "RELEASE_ID=v1-ab",
      "NGINX_CONFIGURATION=a 1;\nb 2;\n",
      `UPSTREAMS=${files.upstreams}`,
    ];
    assert.deepEqual(toldTo({ resources: [stateOf("switch", { envs })] })?.files, files);
    assert.equal(toldTo({ resources: [] }), undefined);
  });

  it("is a line each, however a file ends", () => {
    assert.deepEqual(fileChanges(files, { ...files, upstreams: `${files.upstreams}\n` }), []);
    assert.deepEqual(
      fileChanges(files, { current: "v0", "nginx.conf": "a 1;\nb 3;", upstreams: "web w-1 3000 / 20" }),
      [
        { path: "current", before: "v1-ab", after: "v0" },
        { path: "nginx.conf", before: "b 2;", after: "b 3;" },
        { path: "upstreams", before: "web w-0 3000 / 20", after: undefined },
      ],
    );
  });

  it("shows no secret", () => {
    const [one] = fileChanges(files, { ...files, "nginx.conf": "a 1;\nset $token=hunter2;" });
    assert.equal(JSON.stringify(one?.after), '"[secret]"');
  });
});

describe("drift of a cluster's objects, beyond what a refresh sees", () => {
  const metadata = { name: "web", namespace: "shop" };
  const urn = "urn:pulumi:shop::p::kubernetes:x::web";
  const of = (type: string, inputs: Record<string, unknown>) => ({ urn, type: `kubernetes:${type}`, inputs });
  const deployment = (containers: unknown[]) => ({
    ...{ kind: "Deployment", metadata },
    spec: { template: { spec: { containers } } },
  });
  const web = { name: "web", env: [{ name: "A", value: "1" }] };

  it("is none where the cluster has filled in what was left to it", () => {
    const live = {
      ...deployment([{ ...web, imagePullPolicy: "Always", env: [{ name: "A", value: "1" }] }]),
      ...{ status: { replicas: 1 }, metadata: { ...metadata, uid: "1", finalizers: ["a"] } },
    };
    assert.deepEqual(addedTo(of("apps/v1:Deployment", deployment([web])), live), []);
    const scaled = { ...live, spec: { ...live.spec, replicas: 7 } };
    assert.deepEqual(addedTo(of("apps/v1:Deployment", deployment([web])), scaled), []);
  });

  it("is a variable, masked by its name, or a container that somebody added", () => {
    const more = { ...web, env: [...web.env, { name: "DB_PASSWORD", value: "hunter2" }] };
    const live = deployment([more, { name: "miner", image: "evil" }]);
    const [one] = addedTo(of("apps/v1:Deployment", deployment([web])), live);
    assert.deepEqual(
      one?.properties.map(({ path }) => path),
      ["spec.template.spec.containers[0].env[1]", "spec.template.spec.containers[1]"],
    );
    assert.doesNotMatch(JSON.stringify(one), /hunter2/);
    assert.equal(one?.mend, "kubectl edit deployment web --namespace shop");
    const bare = { name: "web", image: "a" };
    const [first] = addedTo(
      of("apps/v1:Deployment", deployment([bare])),
      deployment([{ ...bare, args: ["--trust"], terminationMessagePath: "/dev/termination-log" }]),
    );
    assert.deepEqual(first?.properties, [
      { path: "spec.template.spec.containers[0].args", after: ["--trust"] },
    ]);
  });

  it("is an entry of a ConfigMap, and a way in or out of a policy", () => {
    const map = { kind: "ConfigMap", metadata, data: { A: "1" } };
    const [entry] = addedTo(of("core/v1:ConfigMap", map), { ...map, data: { A: "1", "b.c": "2" } });
    assert.deepEqual(entry?.properties, [{ path: 'data["b.c"]', after: "2" }]);
    const policy = { kind: "NetworkPolicy", metadata, spec: { podSelector: {}, ingress: [] } };
    const open = {
      ...policy,
      spec: { ...policy.spec, policyTypes: ["Ingress"], ingress: [{}], egress: [{}] },
    };
    const [ways] = addedTo(of("networking.k8s.io/v1:NetworkPolicy", policy), open);
    assert.deepEqual(
      ways?.properties.map(({ path }) => path),
      ["spec.ingress[0]", "spec.egress"],
    );
  });
});

describe("whoever works on a stack while it is looked at", () => {
  const now = new Date("2026-11-26T12:00:00Z");
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  const engine = { pid: 7, parent: 1, argv: ["/bin/pulumi", "up"], started: ago(10) };
  const machine = { user: "root", host: "vm", processes: [engine], root: "/checkout" };
  const lock = (more: Partial<Lock>): Lock => ({ user: "root", host: "vm", pid: 7, since: ago(10), ...more });

  it("holds it: a living process, and another machine's for two hours", () => {
    assert.match(judged([lock({})], machine, now).held ?? "", /^root@vm \(pid 7\)/);
    assert.match(judged([lock({ host: "ci" })], machine, now).held ?? "", /^root@ci/);
  });

  it("is gone: a dead process, and after two hours another machine's, whose lock is named and left alone", () => {
    const dead = judged([lock({ pid: 8 })], machine, now);
    assert.equal(dead.held, undefined);
    const [one] = interruptedFindings("shop", {}, dead, machine, now);
    assert.match(one?.says ?? "", /killed: root@vm \(pid 8\)/);
    assert.equal(one?.mend, "npx pulumi refresh --clear-pending-creates --stack shop");
    const old = judged([lock({ host: "ci", since: ago(121) })], machine, now);
    const [foreign] = interruptedFindings("shop", {}, old, machine, now);
    assert.match(foreign?.mend ?? "", /^npx pulumi cancel --stack shop, if it is certain/);
  });

  it("may have left operations, which are named with the command that recovers", () => {
    const outputs = { release: { version: "v7" } };
    const resources = [
      { urn: "urn:pulumi:shop::p::pulumi:pulumi:Stack::p-shop", type: "pulumi:pulumi:Stack", outputs },
    ];
    const pending_operations = [{ type: "creating", resource: { urn: stateOf("web-0", {}).urn } }];
    const [one] = interruptedFindings(
      "shop",
      { resources, pending_operations },
      { leftBehind: [] },
      machine,
      now,
    );
    assert.equal(one?.resource, "docker Container web-0");
    assert.equal(one?.mend, "npx tristack deploy shop --version v7");
  });
});

describe("tristack drift", () => {
  const root = join(import.meta.dirname, "..", "..");
  const run = (...args: string[]) =>
    execa(process.execPath, [join(root, "cli", "tristack.js"), "drift", ...args], {
      env: { PULUMI_BACKEND_URL: "file:///nowhere/at-all" },
      reject: false,
    });

  it("refuses stacks that are not there, all at once, and two forms of output", async () => {
    const missing = await run("nowhere", "production");
    assert.equal(missing.exitCode, 2);
    assert.match(missing.stderr, /stack nowhere[^]*no stack production/);
    assert.equal(missing.stdout, "");
    assert.equal((await run("--json", "--markdown")).exitCode, 2);
  });
});
