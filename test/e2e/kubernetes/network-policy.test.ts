/** NetworkPolicies on real pods: what the services need is let through, everything else gets no answer. */
import assert from "node:assert/strict";
import { type Server, createServer } from "node:net";
import { kubectl } from "../../../toolchain/cluster/kubectl.ts";
import { BRIDGE, NODE_ADDRESS } from "../../../toolchain/cluster/layout.ts";
import { ClusterSite, kubectlIn } from "../../support/e2e-cluster.ts";
import { REPOSITORY, run, succeeded } from "../../support/e2e-command.ts";

const STACK = "policies";
const cluster = kubectlIn(STACK);
/** Nobody's policies are in it. */
const ELSEWHERE = "policies-elsewhere";
const WEB = "deployment/web";
const STRANGER = "pod/stranger";

/** Stands for the internet (TEST-NET-3 of RFC 5737): an address of this machine that is in none of the private networks. */
const INTERNET = "203.0.113.10";
const OTHER_PORT = 8443;
/** A server on the node, as the kubelet and whatever else runs there. */
const NODE_PORT = 34_567;

/** A refused packet is dropped, so that nothing is ever answered; whoever may connect here has it in milliseconds. */
const PATIENCE = 3000;
const NO_ANSWER = "no answer";
const CONNECTED = "connected";

/** Tries to connect to every `host:port` of its first argument at once, and prints what came of each. */
const PROBE = `
const net = require("node:net");
const tries = JSON.parse(process.argv[1]).map((to) => new Promise((resolve) => {
  const [host, port] = to.split(":");
  const socket = net.connect({ host, port: Number(port) });
  const end = (result) => { socket.destroy(); resolve([to, result]); };
  socket.setTimeout(${PATIENCE}, () => end("${NO_ANSWER}"));
  socket.once("connect", () => end("${CONNECTED}"));
  socket.once("error", (error) => end(error.code));
}));
Promise.all(tries).then((results) => console.log(JSON.stringify(Object.fromEntries(results))));
`;

describe("NetworkPolicies on a cluster", () => {
  let site: ClusterSite;
  const servers: Server[] = [];

  before(async () => {
    site = await ClusterSite.create({ stack: STACK });
    succeeded(await site.up());
    await kubectl(["delete", "namespace", ELSEWHERE, "--ignore-not-found"]);
    await kubectl(["create", "namespace", ELSEWHERE]);
    for (const namespace of [STACK, ELSEWHERE]) await startStranger(namespace, site.version);
    await internet("replace");
    for (const [host, port] of [
      [INTERNET, 443],
      [INTERNET, OTHER_PORT],
      [NODE_ADDRESS, NODE_PORT],
    ] as const)
      servers.push(await listen(host, port));
  });
  after(async () => {
    for (const server of servers) server.close();
    if (servers.length > 0) await internet("delete");
    await kubectl(["delete", "namespace", ELSEWHERE, "--ignore-not-found"]);
    await site?.dispose();
  });

  it("let through what the services need: the router, each other, their database and cache, names", async () => {
    assert.equal((await site.ask("/")).status, 200);
    // Of the api, which asks PostgreSQL and Redis for it.
    assert.equal((await site.ask("/health")).status, 200);
    assert.equal((await site.ask("/api/items", { method: "POST", json: { title: "x" } })).status, 201);
    await outcomes(STACK, WEB, { "api:80": CONNECTED, "kube-dns.kube-system:53": CONNECTED });
  });

  it("refuse a service what it does not use", async () => {
    await outcomes(STACK, WEB, {
      "postgres:5432": NO_ANSWER,
      "redis:6379": NO_ANSWER,
      "kubernetes.default:443": NO_ANSWER,
      [`${NODE_ADDRESS}:${NODE_PORT}`]: NO_ANSWER,
      "metrics-server.kube-system:443": NO_ANSWER,
    });
  });

  it("open port 443 of the internet to a service, and nothing else of it", async () => {
    await outcomes(STACK, WEB, {
      [`${INTERNET}:443`]: CONNECTED,
      [`${INTERNET}:${OTHER_PORT}`]: NO_ANSWER,
    });
  });

  it("refuse everything but names to a pod of the namespace that is no part of the stack", async () => {
    await outcomes(STACK, STRANGER, {
      ...all(NO_ANSWER),
      [`${INTERNET}:443`]: NO_ANSWER,
      "kube-dns.kube-system:53": CONNECTED,
    });
  });

  it("refuse a pod of another namespace, which reaches everybody else", async () => {
    await outcomes(ELSEWHERE, STRANGER, {
      ...within(NO_ANSWER),
      "kubernetes.default:443": CONNECTED,
      "metrics-server.kube-system:443": CONNECTED,
      [`${INTERNET}:${OTHER_PORT}`]: CONNECTED,
    });
  });

  it("are what refuses: without them the same attempts succeed, and an update puts them back", async () => {
    await cluster("delete", "networkpolicies", "--all");
    await outcomes(STACK, STRANGER, all(CONNECTED));
    await outcomes(ELSEWHERE, STRANGER, within(CONNECTED));
    succeeded(await site.pulumi("up", "--stack", STACK, "--yes", "--skip-preview", "--refresh"));
    await outcomes(STACK, STRANGER, all(NO_ANSWER));
    await outcomes(ELSEWHERE, STRANGER, within(NO_ANSWER));
  });
});

/** Everything of the stack, and of the cluster's own what a pod might be tempted by. */
function all(result: string) {
  return { ...within(result), "kubernetes.default:443": result, "metrics-server.kube-system:443": result };
}

function within(result: string) {
  const parts = ["web:80", "api:80", "postgres:5432", "redis:6379"];
  return Object.fromEntries(parts.map((part) => [part.replace(":", `.${STACK}:`), result]));
}

/** What comes of connecting from a pod to each `host:port`. */
async function outcomes(namespace: string, from: string, expected: Record<string, string>): Promise<void> {
  const script = ["node", "--eval", PROBE, JSON.stringify(Object.keys(expected))];
  const answer = await kubectlIn(namespace)("exec", from, "--", ...script);
  assert.deepEqual(JSON.parse(answer), expected);
}

/** A pod that waits to be told what to try. */
async function startStranger(namespace: string, version: string): Promise<void> {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "stranger", namespace },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "stranger",
          image: `tristack.local/web:${version}`,
          command: ["node", "--eval", "setInterval(() => {}, 60_000)"],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          resources: { limits: { cpu: "200m", memory: "128Mi" } },
        },
      ],
    },
  };
  const made = await kubectl(["create", "--filename", "-"], JSON.stringify(pod));
  assert.ok(!made.failed, made.stderr);
  await kubectlIn(namespace)("wait", "--for=condition=Ready", STRANGER, "--timeout=60s");
}

/** The address is the bridge's for the time of the test. */
async function internet(command: "replace" | "delete"): Promise<void> {
  succeeded(await run("ip", ["address", command, `${INTERNET}/32`, "dev", BRIDGE], { cwd: REPOSITORY }));
}

function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}
