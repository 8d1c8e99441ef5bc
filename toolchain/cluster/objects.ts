/** What the cluster is given at its start: name service, metrics, the router, and room for data. */
import { DNS_SERVICE, NODE, PORTS, clusterFolder } from "./layout.ts";

export type KubernetesObject = Readonly<Record<string, unknown>>;

/** Claims that the cluster can serve: tests make a handful, and each goes with the cluster. */
export const VOLUMES = 24;
export const volumeFolder = (index: number): string => clusterFolder("volumes", String(index));

/** Class of the router, as Gateway API names it. */
export const GATEWAY_CLASS = "traefik";
const SYSTEM = "kube-system";
const ROUTER = "traefik";
export const ROUTER_NAMESPACE = "traefik";
export const ROUTER_METRICS = 9100;

export function clusterObjects(image: string): KubernetesObject[] {
  return [...nameService(image), ...metrics(image), ...router(image), ...storage()];
}

interface Program {
  name: string;
  namespace: string;
  image: string;
  command: string[];
  ports: Record<string, unknown>[];
  ready: { path: string; port: number; scheme?: string };
  files?: Record<string, string>;
  /** Whose names it knows. @default this machine's */
  dnsPolicy?: "ClusterFirst";
}

/** A Deployment of one of the cluster's own programs, with its service account. */
export function program({
  name,
  namespace,
  image,
  command,
  ports,
  ready,
  files,
  dnsPolicy,
}: Program): KubernetesObject[] {
  const labels = { app: name };
  const metadata = { name, namespace, labels };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    ...(files ? [{ apiVersion: "v1", kind: "ConfigMap", metadata, data: files }] : []),
    // A test cluster's own parts may do everything: what is proven here is the application's side.
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: `${namespace}-${name}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: 1,
        // Ports of the node can be held by one pod only.
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: name,
            priorityClassName: "system-cluster-critical",
            dnsPolicy: dnsPolicy ?? "Default",
            terminationGracePeriodSeconds: 10,
            containers: [
              {
                name,
                image,
                imagePullPolicy: "Never",
                command,
                ports,
                readinessProbe: { httpGet: ready, periodSeconds: 1, failureThreshold: 2 },
                volumeMounts: [
                  { name: "tmp", mountPath: "/tmp" },
                  ...(files ? [{ name: "files", mountPath: "/files" }] : []),
                ],
              },
            ],
            volumes: [
              { name: "tmp", emptyDir: {} },
              ...(files ? [{ name: "files", configMap: { name } }] : []),
            ],
          },
        },
      },
    },
  ];
}

function nameService(image: string): KubernetesObject[] {
  const Corefile = `.:53 {
  errors
  health :8080
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    ttl 5
  }
  # Names of tests lead to the router, as names of a site's visitors do.
  rewrite name regex .*\\.test\\. ${ROUTER}.${ROUTER_NAMESPACE}.svc.cluster.local answer auto
  forward . /etc/resolv.conf
  cache 5
}
`;
  return [
    ...program({
      name: "coredns",
      namespace: SYSTEM,
      image,
      command: ["/coredns", "-conf", "/files/Corefile"],
      ports: [{ containerPort: 53, protocol: "UDP" }, { containerPort: 53 }],
      ready: { path: "/health", port: 8080 },
      files: { Corefile },
    }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace: SYSTEM, labels: { "k8s-app": "kube-dns" } },
      spec: {
        clusterIP: DNS_SERVICE,
        selector: { app: "coredns" },
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
        ],
      },
    },
  ];
}

function metrics(image: string): KubernetesObject[] {
  const name = "metrics-server";
  return [
    ...program({
      name,
      namespace: SYSTEM,
      image,
      command: [
        "/metrics-server",
        "--kubelet-insecure-tls",
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-use-node-status-port",
        "--secure-port=10250",
        "--cert-dir=/tmp",
        // The shortest that it takes; equal values make it panic.
        "--metric-resolution=10s",
        "--kubelet-request-timeout=5s",
      ],
      ports: [{ containerPort: 10_250 }],
      ready: { path: "/readyz", port: 10_250, scheme: "HTTPS" },
    }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: SYSTEM },
      spec: { selector: { app: name }, ports: [{ port: 443, targetPort: 10_250 }] },
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io" },
      spec: {
        service: { name, namespace: SYSTEM },
        group: "metrics.k8s.io",
        version: "v1beta1",
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
}

/** Its entry points have the ports that the node publishes: a Gateway's listener is matched with them by its port. */
function router(image: string): KubernetesObject[] {
  const hostPort = (port: number) => ({ containerPort: port, hostPort: port });
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: ROUTER_NAMESPACE } },
    ...program({
      name: ROUTER,
      namespace: ROUTER_NAMESPACE,
      image,
      command: [
        "/traefik",
        `--entryPoints.web.address=:${PORTS.http}`,
        `--entryPoints.websecure.address=:${PORTS.https}`,
        `--entryPoints.metrics.address=:${ROUTER_METRICS}`,
        "--providers.kubernetesGateway",
        "--providers.kubernetesGateway.throttleDuration=100ms",
        "--providers.kubernetesCRD",
        "--providers.kubernetesCRD.throttleDuration=100ms",
        // A pod that has gone is noticed by the dial: with the default of 30 s a release drops requests. With 1 s so does a first
        // packet that is lost, since it is sent again after 1 s (RFC 6298).
        "--serversTransport.forwardingTimeouts.dialTimeout=3s",
        "--metrics.prometheus.entryPoint=metrics",
        "--metrics.prometheus.addServicesLabels",
        "--ping.entryPoint=metrics",
        "--global.checkNewVersion=false",
        "--global.sendAnonymousUsage=false",
      ],
      ports: [hostPort(PORTS.http), hostPort(PORTS.https), { containerPort: ROUTER_METRICS }],
      ready: { path: "/ping", port: ROUTER_METRICS },
    }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: ROUTER, namespace: ROUTER_NAMESPACE },
      spec: {
        selector: { app: ROUTER },
        ports: [
          { name: "http", port: 80, targetPort: PORTS.http },
          { name: "https", port: 443, targetPort: PORTS.https },
        ],
      },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: GATEWAY_CLASS },
      spec: { controllerName: "traefik.io/gateway-controller" },
    },
  ];
}

/** No provisioner: the volumes are there before anybody claims one. */
function storage(): KubernetesObject[] {
  const name = "local";
  const node = { key: "kubernetes.io/hostname", operator: "In", values: [NODE] };
  return [
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: "kubernetes.io/no-provisioner",
      volumeBindingMode: "WaitForFirstConsumer",
    },
    ...Array.from({ length: VOLUMES }, (_, index) => ({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: `local-${index}` },
      spec: {
        capacity: { storage: "100Gi" },
        accessModes: ["ReadWriteOnce"],
        persistentVolumeReclaimPolicy: "Retain",
        storageClassName: name,
        local: { path: volumeFolder(index) },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [node] }] } },
      },
    })),
  ];
}
