/** The cluster's certificates and the kubeconfigs of its parts, made with openssl at every start of a new cluster. */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { run } from "../command.ts";
import { API_SERVICE, API_URL, KUBECONFIG, NODE, NODE_ADDRESS, clusterFolder, pki } from "./layout.ts";

const DAYS = "3650";

const SERVER_NAMES = [
  "DNS:kubernetes",
  "DNS:kubernetes.default",
  "DNS:kubernetes.default.svc",
  "DNS:kubernetes.default.svc.cluster.local",
  "DNS:localhost",
  "IP:127.0.0.1",
  `IP:${API_SERVICE}`,
  `IP:${NODE_ADDRESS}`,
];

/** Who each part is to the API server: the names that Kubernetes' own roles are bound to. */
const CLIENTS = {
  admin: "/O=system:masters/CN=tristack-admin",
  "kubelet-client": "/O=system:masters/CN=kube-apiserver-kubelet-client",
  front: "/CN=front-proxy",
  manager: "/CN=system:kube-controller-manager",
  scheduler: "/CN=system:kube-scheduler",
  proxy: "/CN=system:kube-proxy",
  // Kubernetes has no role for it; parts of a test cluster may do everything.
  policies: "/O=system:masters/CN=kube-network-policies",
  kubelet: `/O=system:nodes/CN=system:node:${NODE}`,
} as const;

/** Parts that speak to the API server by a kubeconfig. */
const SPEAKERS = ["manager", "scheduler", "proxy", "policies", "kubelet"] as const;

export async function makeCertificates(): Promise<void> {
  mkdirSync(clusterFolder("pki"), { recursive: true, mode: 0o700 });
  await run("openssl", ["genrsa", "-out", pki("service-accounts.key"), "2048"]);
  const authority = ["-keyout", pki("ca.key"), "-out", pki("ca.crt"), "-subj", "/CN=tristack-cluster"];
  await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...authority, "-days", DAYS]);
  const server = `subjectAltName=${SERVER_NAMES.join(",")}\nextendedKeyUsage=serverAuth\n`;
  await sign("api", "/CN=kube-apiserver", server);
  await Promise.all(
    Object.entries(CLIENTS).map(([name, subject]) => sign(name, subject, "extendedKeyUsage=clientAuth\n")),
  );
  for (const name of SPEAKERS) writeKubeconfig(kubeconfigOf(name), name);
  writeKubeconfig(KUBECONFIG, "admin");
}

export function kubeconfigOf(name: (typeof SPEAKERS)[number]): string {
  return pki(`${name}.kubeconfig`);
}

async function sign(name: string, subject: string, extensions: string): Promise<void> {
  const [key, request, file] = [pki(`${name}.key`), pki(`${name}.csr`), pki(`${name}.ext`)];
  await run("openssl", [
    "req",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    key,
    "-out",
    request,
    "-subj",
    subject,
  ]);
  writeFileSync(file, extensions);
  const authority = [
    "-CA",
    pki("ca.crt"),
    "-CAkey",
    pki("ca.key"),
    "-set_serial",
    serialNumber(),
    "-days",
    DAYS,
  ];
  await run("openssl", [
    "x509",
    "-req",
    "-in",
    request,
    ...authority,
    "-extfile",
    file,
    "-out",
    pki(`${name}.crt`),
  ]);
  rmSync(request);
  rmSync(file);
}

/** At random: a file that counts them would be written by several at once. */
function serialNumber(): string {
  return `0x${randomBytes(16).toString("hex")}`;
}

function writeKubeconfig(path: string, name: string): void {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "tristack", cluster: { server: API_URL, "certificate-authority": pki("ca.crt") } }],
    users: [{ name, user: { "client-certificate": pki(`${name}.crt`), "client-key": pki(`${name}.key`) } }],
    contexts: [{ name: "tristack", context: { cluster: "tristack", user: name } }],
    "current-context": "tristack",
  };
  writeFileSync(path, JSON.stringify(config, null, 2));
  chmodSync(path, 0o600);
}
