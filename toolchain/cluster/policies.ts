/** The enforcer of NetworkPolicies: its process, and the rules that give it the first packet of every connection. */
import { existsSync, readFileSync } from "node:fs";
import { failed } from "../../cli/errors.ts";
import { run } from "../command.ts";
import { CLUSTER_TOOLS, toolPath } from "../pins.ts";
import { kubeconfigOf } from "./certificates.ts";
import { BRIDGE, NODE, POLICY_CHAIN, POLICY_QUEUE } from "./layout.ts";
import { type Part, flags } from "./parts.ts";

/** Whether packets that pass a bridge alone are shown to iptables: the kernel's default. */
const BRIDGED = "/proc/sys/net/bridge/bridge-nf-call-iptables";

export function requireBridgeFilter(): void {
  const value = existsSync(BRIDGED) ? readFileSync(BRIDGED, "utf8").trim() : "missing";
  if (value === "1") return;
  throw failed(
    `${BRIDGED}: ${value}; needs 1 (modprobe br_netfilter; sysctl --write net.bridge.bridge-nf-call-iptables=1)`,
  );
}

export function enforcer(): Part {
  const options = { kubeconfig: kubeconfigOf("policies"), node: NODE, queue: POLICY_QUEUE };
  const tool = CLUSTER_TOOLS["kube-network-policies"];
  return { name: tool.name, command: [toolPath(tool), ...flags(options)] };
}

/**
 * Behind the translation of Services' addresses, ahead of every other rule of forwarding. What comes from the node itself
 * is let through, as Kubernetes wants it: the kubelet's probes are. Packets between pods pass the bridge alone, and are
 * shown to these rules all the same.
 */
export async function addPolicyRules(): Promise<void> {
  const queue = ["-j", "NFQUEUE", "--queue-num", String(POLICY_QUEUE), "--queue-bypass"];
  await mangle("-N", POLICY_CHAIN);
  await mangle("-A", POLICY_CHAIN, "-m", "conntrack", "--ctstate", "NEW", ...queue);
  await mangle("-A", "FORWARD", "-i", BRIDGE, "-j", POLICY_CHAIN);
  await mangle("-A", "FORWARD", "-o", BRIDGE, "!", "-i", BRIDGE, "-j", POLICY_CHAIN);
  // The API server and whatever else the node itself serves.
  await mangle("-A", "INPUT", "-i", BRIDGE, "-j", POLICY_CHAIN);
}

/** Whether somebody reads the queue. */
export function isEnforcing(): boolean {
  const queues = readFileSync("/proc/net/netfilter/nfnetlink_queue", "utf8");
  return new RegExp(`^\\s*${POLICY_QUEUE}\\s`, "m").test(queues);
}

function mangle(...args: string[]): Promise<string> {
  return run("iptables", ["--wait", "--table", "mangle", ...args]);
}
