/**
 * A Kubernetes cluster of one node on this machine, with real pods: for the tests, and for those who have none yet. It is
 * made anew by every `up` after a `down`, which leaves nothing behind but the built tools.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { setTimeout as sleep } from "node:timers/promises";
import { failed } from "../../cli/errors.ts";
import { canInstall, install } from "../apt.ts";
import { type Log, attempt, onPath, run } from "../command.ts";
import { ensureDocker } from "../docker.ts";
import { withLock } from "../lock.ts";
import { cacheFolder } from "../paths.ts";
import { CLUSTER_TOOLS, KWOK, toolPath } from "../pins.ts";
import { ensureTools } from "../pulumi.ts";
import { makeCertificates } from "./certificates.ts";
import { addCertificates } from "./cert-manager.ts";
import { addDelivery } from "./delivery.ts";
import { ensurePartsImage, loadImages } from "./images.ts";
import { apply, applyObjects, established, kubectl, rolledOut, succeeds } from "./kubectl.ts";
import { BRIDGE, CTR, NODE, NODE_ADDRESS, POLICY_CHAIN, RUN_FOLDER, clusterFolder } from "./layout.ts";
import { VOLUMES, clusterObjects, volumeFolder } from "./objects.ts";
import * as parts from "./parts.ts";
import { addPolicyRules, enforcer, isEnforcing, requireBridgeFilter } from "./policies.ts";
import { runs, start, stop, waitFor } from "./processes.ts";

/** In the order of their start; they are stopped the other way round. */
const NAMES = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-network-policies",
  "containerd",
  "kubelet",
  "kube-proxy",
] as const;

export function isUp(): boolean {
  return NAMES.every(runs);
}

/** What a cluster has only where it is asked for. */
export const EXTRAS = { certificates: addCertificates, delivery: addDelivery } as const;
export type Extra = keyof typeof EXTRAS;

/** Brings the cluster up, or finds it up. Needs root on Debian. */
export async function clusterUp(log: Log, extras: readonly Extra[] = []): Promise<void> {
  await withLock(cacheFolder("cluster.lock"), log, async () => {
    if (!isUp() || !(await ready())) await startAnew(log);
    for (const extra of extras) await EXTRAS[extra](log);
  });
}

async function startAnew(log: Log): Promise<void> {
  await requirements(log);
  await remove(log);
  const image = await ensurePartsImage("cluster", log);
  try {
    await startParts(image, log);
  } catch (error) {
    await remove(() => undefined);
    throw error;
  }
}

export async function clusterDown(log: Log): Promise<void> {
  await withLock(cacheFolder("cluster.lock"), log, () => remove(log));
}

async function requirements(log: Log): Promise<void> {
  if (process.platform !== "linux" || !canInstall())
    throw failed(
      "the test cluster needs root on Debian: use a cluster of yours instead, by cluster.kubeconfig",
    );
  const packages = existsSync("/usr/lib/cni/bridge") ? [] : ["containernetworking-plugins"];
  for (const program of ["containerd", "openssl", "iptables"])
    if (!(await onPath(program))) packages.push(program);
  if (packages.length > 0) await install(packages, log);
  await ensureTools(Object.values(CLUSTER_TOOLS), log);
  // Images are made by it, and copied out of it.
  await ensureDocker({ log });
  requireBridgeFilter();
}

async function startParts(image: string, log: Log): Promise<void> {
  log("making certificates");
  mkdirSync(clusterFolder(), { recursive: true });
  mkdirSync(RUN_FOLDER, { recursive: true, mode: 0o700 });
  for (let index = 0; index < VOLUMES; index += 1) {
    mkdirSync(volumeFolder(index), { recursive: true });
    chmodSync(volumeFolder(index), 0o777);
  }
  await makeCertificates();
  await addBridge();
  await addPolicyRules();

  log("starting the control plane");
  start(parts.etcd());
  start(parts.apiServer());
  await waitFor("kube-apiserver", 60, ready);
  start(parts.controllerManager());
  start(parts.scheduler());
  log("starting the node");
  start(enforcer());
  // Before the first pod: what has been let through once is not asked about again.
  await waitFor("kube-network-policies", 30, () => Promise.resolve(isEnforcing()));
  start(parts.containerd(image));
  await waitFor("containerd", 30, async () => (await attempt("ctr", [...CTR, "version"])) !== undefined);
  await loadImages([image], log);
  start(parts.kubelet());
  start(parts.kubeProxy());
  await addObjects(image, log);
  await waitFor("kubelet", 60, () =>
    succeeds(["wait", "--for=condition=Ready", `node/${NODE}`, "--timeout=1s"]),
  );
  log("waiting for the name service, the metrics and the router");
  await rolledOut(
    { name: "coredns", namespace: "kube-system" },
    { name: "metrics-server", namespace: "kube-system" },
    { name: "traefik", namespace: "traefik" },
  );
}

async function addObjects(image: string, log: Log): Promise<void> {
  log("adding what the cluster is made of");
  const traefik = dirname(toolPath(CLUSTER_TOOLS.traefik));
  await apply(["gateway-api", "traefik.yaml"].flatMap((name) => ["--filename", join(traefik, name)]));
  await established();
  await applyObjects(clusterObjects(image));
}

function ready(): Promise<boolean> {
  return succeeds(["get", "--raw", "/readyz"]);
}

async function addBridge(): Promise<void> {
  if (existsSync(`/sys/class/net/${BRIDGE}`)) return;
  await run("ip", ["link", "add", BRIDGE, "type", "bridge"]);
  await run("ip", ["address", "add", `${NODE_ADDRESS}/24`, "dev", BRIDGE]);
  await run("ip", ["link", "set", BRIDGE, "up"]);
}

/** Everything that a cluster leaves: pods, processes, mounts, rules of iptables, the bridge, files. */
async function remove(log: Log): Promise<void> {
  if (existsSync(clusterFolder("run"))) {
    log("stopping the cluster");
    if (runs("kube-apiserver")) await endPods();
    await stop(KWOK.name);
    for (const name of [...NAMES].reverse()) {
      if (name === "containerd") await endContainers();
      await stop(name);
    }
  }
  await unmount();
  if (existsSync(`/sys/class/net/${BRIDGE}`)) {
    await attempt("ip", ["link", "delete", BRIDGE]);
    await removeRules();
  }
  for (const folder of [clusterFolder(), RUN_FOLDER]) rmSync(folder, { recursive: true, force: true });
}

/** Politely: pods that end by themselves leave no container and no address behind. */
async function endPods(): Promise<void> {
  const all = ["--all-namespaces", "--all", "--wait=false", "--ignore-not-found"];
  await kubectl(["delete", "deployments,statefulsets,daemonsets,jobs,cronjobs,replicasets", ...all]);
  await kubectl(["delete", "pods", ...all, "--grace-period=1", "--force"]);
  await kubectl(["wait", "pods", "--all-namespaces", "--all", "--for=delete", "--timeout=30s"]);
}

async function endContainers(): Promise<void> {
  if (!runs("containerd")) return;
  const ctr = (...args: string[]) => attempt("ctr", [...CTR, ...args]);
  for (let round = 0; round < 20; round += 1) {
    const tasks = ((await ctr("tasks", "list", "--quiet")) ?? "").split("\n").filter(Boolean);
    if (tasks.length === 0) return;
    for (const task of tasks) await ctr("tasks", "kill", "--signal", "SIGKILL", task);
    await sleep(200);
    for (const task of tasks) await ctr("tasks", "delete", task);
  }
}

async function unmount(): Promise<void> {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => [clusterFolder(), RUN_FOLDER].some((folder) => path.startsWith(`${folder}/`)));
  for (const mount of mounts.sort().reverse()) await attempt("umount", ["--lazy", mount]);
}

/** What kube-proxy, the CNI plugins and this have added; Docker's and the machine's own rules stay. */
async function removeRules(): Promise<void> {
  const mine = new RegExp(`KUBE-|CNI-|${POLICY_CHAIN}|${BRIDGE}`);
  const saved = await run("iptables-save", []);
  const kept = saved.split("\n").filter((line) => !mine.test(line));
  const { failed: refused, stderr } = await execa("iptables-restore", {
    input: `${kept.join("\n")}\n`,
    reject: false,
  });
  if (refused) throw failed(`the cluster's rules of iptables could not be removed: ${stderr}`);
}
