/** The processes of the cluster, in the order in which they are started: what each is told, and its files. */
import { mkdirSync, writeFileSync } from "node:fs";
import { CLUSTER_TOOLS, toolPath } from "../pins.ts";
import { kubeconfigOf } from "./certificates.ts";
import {
  BRIDGE,
  CONTAINERD_SOCKET,
  DNS_SERVICE,
  NODE,
  NODE_ADDRESS,
  POD_NETWORK,
  PORTS,
  RUN_FOLDER,
  SERVICE_NETWORK,
  clusterFolder,
  pki,
} from "./layout.ts";

export interface Part {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
}

const kubernetes = toolPath(CLUSTER_TOOLS.kubernetes);

/** Options as `--name=value`. */
export function flags(options: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(options).map(([name, value]) => `--${name}=${value}`);
}

export function etcd(): Part {
  const clients = `http://127.0.0.1:${PORTS.etcd}`;
  const peers = `http://127.0.0.1:${PORTS.etcdPeer}`;
  const options = {
    "data-dir": clusterFolder("etcd"),
    "listen-client-urls": clients,
    "advertise-client-urls": clients,
    "listen-peer-urls": peers,
    "initial-advertise-peer-urls": peers,
    "initial-cluster": `default=${peers}`,
    "log-level": "warn",
    // A cluster that is thrown away need not survive a power cut.
    "unsafe-no-fsync": true,
  };
  return { name: "etcd", command: [toolPath(CLUSTER_TOOLS.etcd), ...flags(options)] };
}

export function apiServer(): Part {
  const options = {
    "etcd-servers": `http://127.0.0.1:${PORTS.etcd}`,
    "secure-port": PORTS.api,
    "bind-address": NODE_ADDRESS,
    "advertise-address": NODE_ADDRESS,
    "tls-cert-file": pki("api.crt"),
    "tls-private-key-file": pki("api.key"),
    "client-ca-file": pki("ca.crt"),
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": pki("service-accounts.key"),
    "service-account-signing-key-file": pki("service-accounts.key"),
    "service-cluster-ip-range": SERVICE_NETWORK,
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "allow-privileged": true,
    "kubelet-preferred-address-types": "InternalIP",
    "kubelet-client-certificate": pki("kubelet-client.crt"),
    "kubelet-client-key": pki("kubelet-client.key"),
    // What the metrics API, behind an APIService, is asked through.
    "requestheader-client-ca-file": pki("ca.crt"),
    "requestheader-allowed-names": "front-proxy",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-username-headers": "X-Remote-User",
    "proxy-client-cert-file": pki("front.crt"),
    "proxy-client-key-file": pki("front.key"),
    "enable-aggregator-routing": true,
  };
  return { name: "kube-apiserver", command: [kubernetes, "kube-apiserver", ...flags(options)] };
}

export function controllerManager(): Part {
  const options = {
    kubeconfig: kubeconfigOf("manager"),
    "authentication-kubeconfig": kubeconfigOf("manager"),
    "authorization-kubeconfig": kubeconfigOf("manager"),
    "service-account-private-key-file": pki("service-accounts.key"),
    "root-ca-file": pki("ca.crt"),
    "use-service-account-credentials": true,
    "secure-port": PORTS.manager,
    "bind-address": "127.0.0.1",
    "cert-dir": clusterFolder("manager"),
    "leader-elect": false,
    // The metrics server looks every 10 s as well: tests wait for it.
    "horizontal-pod-autoscaler-sync-period": "10s",
  };
  return {
    name: "kube-controller-manager",
    command: [kubernetes, "kube-controller-manager", ...flags(options)],
  };
}

export function scheduler(): Part {
  const options = {
    kubeconfig: kubeconfigOf("scheduler"),
    "authentication-kubeconfig": kubeconfigOf("scheduler"),
    "authorization-kubeconfig": kubeconfigOf("scheduler"),
    "secure-port": PORTS.scheduler,
    "bind-address": "127.0.0.1",
    "cert-dir": clusterFolder("scheduler"),
    "leader-elect": false,
  };
  return { name: "kube-scheduler", command: [kubernetes, "kube-scheduler", ...flags(options)] };
}

/** @param sandbox image that holds a pod's network namespace */
export function containerd(sandbox: string): Part {
  mkdirSync(clusterFolder("cni"), { recursive: true });
  writeFileSync(clusterFolder("cni", "10-tristack.conflist"), JSON.stringify(network()));
  // Lowering oom_score_adj is denied where this machine is itself a container or a small virtual machine.
  const config = `version = 2
root = "${clusterFolder("containerd")}"
state = "${RUN_FOLDER}/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandbox}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${clusterFolder("cni")}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
  writeFileSync(clusterFolder("containerd.toml"), config);
  return { name: "containerd", command: ["containerd", "--config", clusterFolder("containerd.toml")] };
}

/** `firewall` comes last: Docker drops what is forwarded unless somebody says otherwise. */
function network() {
  const ipam = {
    type: "host-local",
    dataDir: clusterFolder("addresses"),
    ranges: [[{ subnet: POD_NETWORK, gateway: NODE_ADDRESS }]],
    routes: [{ dst: "0.0.0.0/0" }],
  };
  return {
    cniVersion: "1.0.0",
    name: "tristack",
    plugins: [
      { type: "bridge", bridge: BRIDGE, isGateway: true, ipMasq: true, hairpinMode: true, ipam },
      { type: "portmap", capabilities: { portMappings: true } },
      { type: "firewall", backend: "iptables" },
    ],
  };
}

export function kubelet(): Part {
  const config = {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki("ca.crt") },
    },
    authorization: { mode: "Webhook" },
    address: NODE_ADDRESS,
    port: PORTS.kubelet,
    healthzPort: PORTS.kubeletHealth,
    cgroupDriver: "cgroupfs",
    failSwapOn: false,
    failCgroupV1: false,
    enforceNodeAllocatable: ["pods"],
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    clusterDNS: [DNS_SERVICE],
    clusterDomain: "cluster.local",
    // The machine's disk is shared with others, and images cannot be pulled again: none is ever cleaned up.
    evictionHard: { "imagefs.available": "1%", "nodefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    serializeImagePulls: false,
    podLogsDir: clusterFolder("pod-logs"),
    registerWithTaints: [],
  };
  writeFileSync(clusterFolder("kubelet.json"), JSON.stringify(config));
  const options = {
    config: clusterFolder("kubelet.json"),
    kubeconfig: kubeconfigOf("kubelet"),
    "hostname-override": NODE,
    "node-ip": NODE_ADDRESS,
    "cert-dir": clusterFolder("kubelet-certificates"),
    "root-dir": clusterFolder("kubelet"),
  };
  return { name: "kubelet", command: [kubernetes, "kubelet", ...flags(options)] };
}

export function kubeProxy(): Part {
  const config = {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "iptables",
    hostnameOverride: NODE,
    clientConnection: { kubeconfig: kubeconfigOf("proxy") },
    clusterCIDR: POD_NETWORK,
    healthzBindAddress: `127.0.0.1:${PORTS.proxyHealth}`,
    metricsBindAddress: `127.0.0.1:${PORTS.proxyMetrics}`,
    // The limits of connection tracking are the machine's own business.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  };
  writeFileSync(clusterFolder("kube-proxy.json"), JSON.stringify(config));
  return {
    name: "kube-proxy",
    command: [kubernetes, "kube-proxy", `--config=${clusterFolder("kube-proxy.json")}`],
  };
}
