/** Where the test cluster keeps what, and by which addresses its parts know each other. */
import { join } from "node:path";
import { cacheFolder } from "../paths.ts";

/** Everything that a running cluster has written; removed with it. */
export const clusterFolder = (...below: string[]): string => cacheFolder("cluster", ...below);

export const KUBECONFIG = clusterFolder("kubeconfig");

export const NODE = "tristack";
/** The bridge that pods are plugged into. Its address is the node's: there before any pod, and reached by all of them. */
export const BRIDGE = "tristack0";
export const POD_NETWORK = "10.245.0.0/24";
export const NODE_ADDRESS = "10.245.0.1";
export const SERVICE_NETWORK = "10.97.0.0/16";
/** First address of the service network, which Kubernetes takes for itself. */
export const API_SERVICE = "10.97.0.1";
export const DNS_SERVICE = "10.97.0.10";

/** Queue of the kernel in which the first packet of each connection waits for a verdict, and the chain that puts it there. */
export const POLICY_QUEUE = 245;
export const POLICY_CHAIN = "TRISTACK-POLICY";

export const PORTS = {
  etcd: 23_791,
  etcdPeer: 23_801,
  api: 16_443,
  manager: 16_457,
  scheduler: 16_459,
  kubelet: 16_450,
  kubeletHealth: 16_448,
  proxyHealth: 16_456,
  proxyMetrics: 16_449,
  /** Where the router takes requests on this machine. */
  http: 30_080,
  https: 30_443,
} as const;

export const API_URL = `https://${NODE_ADDRESS}:${PORTS.api}`;

/** Sockets have short names: a path to one may have no more than 108 bytes. */
export const RUN_FOLDER = "/run/tristack-cluster";
export const CONTAINERD_SOCKET = `${RUN_FOLDER}/containerd.sock`;
/** What `ctr` is told first: the socket, and the namespace that the kubelet's containers and images are in. */
export const CTR = ["--address", CONTAINERD_SOCKET, "--namespace", "k8s.io"] as const;

export const pki = (file: string): string => join(clusterFolder("pki"), file);
