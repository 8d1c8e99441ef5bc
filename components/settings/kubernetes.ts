/** A stack that runs in a namespace of a Kubernetes cluster. */
import { z } from "zod";
import {
  bodyLimit,
  cache,
  database,
  domain,
  image,
  release,
  secrets,
  services,
  silence,
} from "./application.ts";
import { backup } from "./backup.ts";
import { environment } from "./environment.ts";
import { delivery } from "./kubernetes-delivery.ts";
import { clusterMonitoring } from "./monitoring.ts";
import {
  anyText,
  choice,
  list,
  object,
  objectName,
  oneOf,
  otherStack,
  secretName,
  size,
  text,
  wholeNumber,
} from "./value-types.ts";

const cluster = object({
  kubeconfig: anyText("the path of a file, such as ./kubeconfig")
    .optional()
    .describe("File with the cluster's address and credentials. Default: that of `kubectl` (KUBECONFIG)."),
  context: anyText("the name of a context of the kubeconfig")
    .optional()
    .describe("Context in it. Default: its current one, whatever that is on the day."),
  stack: otherStack("cluster")
    .optional()
    .describe(
      "In place of both: the stack that the cluster is of. It exports `kubeconfig`, as those of the target `cluster` do.",
    ),
});

const proxy = object({
  mode: oneOf(["gateway", "ingress"])
    .default("gateway")
    .describe(
      "`gateway`: Gateway API. `ingress`: an Ingress of class nginx; ingress-nginx itself has been retired in March 2026.",
    ),
  class: objectName("a class")
    .optional()
    .describe("GatewayClass or IngressClass. Default: `traefik` for a gateway, `nginx` for an ingress."),
  namespace: objectName("a namespace")
    .default("traefik")
    .describe("Namespace that the cluster's router runs in: nothing else reaches the services from outside."),
  httpPort: wholeNumber(1, 65_535)
    .default(80)
    .describe("Port of the gateway that redirects to HTTPS; Traefik's entry point of that number."),
  httpsPort: wholeNumber(1, 65_535)
    .default(443)
    .describe("Port of the gateway that carries the application; Traefik's entry point of that number."),
  bodyLimit: bodyLimit(),
  timeout: silence(),
});

const certificates = choice("issuer", [
  object({
    issuer: z.literal("given").describe("A certificate that you have."),
    certificate: secretName("Certificate and its chain, in PEM"),
    key: secretName("Its private key, in PEM"),
  }),
  object({
    issuer: z.literal("cert-manager").describe("The cluster's cert-manager gets it, and renews it."),
    clusterIssuer: objectName("a ClusterIssuer").describe("Its ClusterIssuer, such as letsencrypt-prod."),
  }),
]).describe("Where the certificate comes from.");

const storage = object({
  class: objectName("a StorageClass")
    .optional()
    .describe("StorageClass of the database's and the cache's volumes. Default: the cluster's own."),
  database: size("1GiB", "16384GiB")
    .default("50GiB")
    .describe("Volume of the database. Kubernetes cannot change it in place here: see docs/kubernetes.md."),
  cache: size("1GiB", "1024GiB").default("2GiB").describe("Volume of the cache."),
});

const images = object({
  postgres: image().default("postgres:16-alpine").describe("The database's, of PostgreSQL 16."),
  redis: image().default("redis:7-alpine").describe("The cache's, of Redis 7."),
  courier: image()
    .default("nginx:1.28-alpine")
    .describe(
      "What uploads backups: any with curl 7.75 or newer and a shell. The target vps has its nginx for it.",
    ),
});

const gitops = object({
  repository: text(
    /^(?:https:\/\/|ssh:\/\/|git@)[^\s]+$/,
    "the address of a Git repository, such as https://github.com/myorg/myapp",
  ).describe("Repository with what `tristack render` writes."),
  path: text(/^(?!\/)[^\s]+$/, "a folder of the repository, such as kubernetes/overlays/production")
    .optional()
    .describe("Folder of the stack's overlay in it. Default: kubernetes/overlays/<stack>."),
  revision: anyText("a branch, tag or commit").default("main").describe("Branch, tag or commit."),
  project: objectName("a project of Argo CD").default("default").describe("Project of Argo CD."),
  namespace: objectName("a namespace").default("argocd").describe("Namespace that Argo CD runs in."),
});

export const kubernetesSchema = object({
  target: z
    .literal("kubernetes")
    .describe("What carries the application: `kubernetes` is a namespace of a cluster that you have."),
  environment,
  domain,
  release: release
    .optional()
    .describe("What to run. Left out, the stack keeps the release that it already runs."),
  cluster: cluster.prefault({}).describe("The cluster. Changing to another one makes everything anew there."),
  namespace: objectName("a namespace")
    .optional()
    .describe("Namespace of everything. Default: the stack's name. Changing it replaces everything."),
  services: services().describe("The application: `web`, `api`, and any worker."),
  delivery,
  database: database.prefault({}).describe("PostgreSQL 16."),
  backup: backup.optional().describe("Backups of the database, in S3. Left out, there are none."),
  monitoring: clusterMonitoring
    .optional()
    .describe(
      "What the cluster's Prometheus Operator and Grafana are told of the stack. Left out, nothing; `monitoring: {}` suits kube-prometheus-stack.",
    ),
  cache: cache.prefault({}).describe("Redis 7, append only."),
  storage: storage.prefault({}).describe("Volumes. They stay when the stack goes."),
  proxy: proxy.prefault({}).describe("How requests come in."),
  certificates,
  gitops: gitops
    .optional()
    .describe(
      "Argo CD applies what `tristack render` has written; the stack makes the namespace, the Secrets and the Application.",
    ),
  pullSecrets: list(
    text(/^[A-Z][A-Z0-9_]{0,63}$/, "a name of capitals, digits and _, such as REGISTRY_LOGIN"),
    0,
    10,
    "names under secrets",
  )
    .default([])
    .describe(
      "Logins of private registries, each the JSON of a Docker `config.json`: names under `secrets`.",
    ),
  images: images.prefault({}).describe("Images of the stack's own parts."),
  secrets,
});
