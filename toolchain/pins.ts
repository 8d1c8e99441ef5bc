/**
 * The one place that says which tools there are, in which version, and what each is built from where it cannot be
 * downloaded. Versions that npm also knows (the CLI, the plugins of the SDKs) are read from package.json, so that the
 * two cannot diverge; versions of Go modules stand in modules/<folder>/go.mod.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, pulumiHome } from "./paths.ts";

/** Where a stack's application runs: decides which plugins are needed. */
export type Target = keyof typeof PLUGINS_OF;

export interface Tool {
  /** Name of the executable. */
  readonly name: string;
  /** `cli` and `language` lie in the folder of the CLI's version, each plugin in one of its own, `cluster` in the cache. */
  readonly kind: "cli" | "language" | "plugin" | "cluster";
  /** Version that it is installed as. */
  readonly version: string;
  readonly source: GoSource;
}

/** What a tool is built from where it cannot be downloaded. */
export interface GoSource {
  /** Folder under toolchain/modules, with a go.mod and a go.sum. */
  readonly folder: string;
  /** Main package. */
  readonly package: string;
  /** Module of that go.mod that what comes out is named after, in reports. */
  readonly module: string;
  /** Build tags. */
  readonly tags?: readonly string[];
  /** Values that the linker sets, so that the executable knows its version. */
  readonly set?: Readonly<Record<string, string>>;
  /** Files that the main package embeds, and where they lie in the module's own folder. */
  readonly embed?: Readonly<Record<string, string>>;
  /** Files and folders of its modules that are laid beside the executable, by the name that they get there. */
  readonly beside?: Readonly<Record<string, { module: string; path: string }>>;
  /** Script of the module's folder that has the executable's place and runs it, from a folder `<its name>.d` beside it. */
  readonly front?: string;
  /** Arguments with which it tells its version. @default those of its kind */
  readonly question?: readonly string[];
}

export const KUBERNETES_VERSION = "1.37.2";

const packages = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};

/** Version of a package in package.json, which has to be exact: a range would let plugin and SDK diverge. */
function pinned(name: string): string {
  const version = packages.dependencies[name];
  if (version && /^\d+\.\d+\.\d+$/.test(version)) return version;
  throw new Error(`package.json: dependency \`${name}\` is ${version ?? "missing"}; needs one exact version`);
}

const cliVersion = pinned("pulumi");

/** Pulumi's command. */
export const CLI: Tool = {
  name: "pulumi",
  kind: "cli",
  version: cliVersion,
  source: {
    folder: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    module: "github.com/pulumi/pulumi/pkg/v3",
    set: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${cliVersion}` },
  },
};

// Official releases carry it beside the CLI; as a Go module its last version is of before it moved to a module of its own.
const languageHost: Tool = {
  name: "pulumi-language-nodejs",
  kind: "language",
  version: cliVersion,
  source: {
    folder: "language-nodejs",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    module: "github.com/pulumi/pulumi/sdk/v3",
    front: "with-options.sh",
  },
};

function plugin(name: string, module: string, folder = "plugins"): Tool {
  const version = pinned(`@pulumi/${name}`);
  return {
    name: `pulumi-resource-${name}`,
    kind: "plugin",
    version,
    source: {
      folder,
      package: `./cmd/pulumi-resource-${name}`,
      module,
      set: { "main.version": version },
    },
  };
}

const docker = plugin("docker", "github.com/terraform-providers/terraform-provider-docker");
const random = plugin("random", "github.com/terraform-providers/terraform-provider-random");
// A module of its own: its build takes half an hour, and nobody else's is to be made again with it.
const aws = plugin("aws", "github.com/hashicorp/terraform-provider-aws", "aws");

const kubernetesPlugin = plugin(
  "kubernetes",
  "github.com/pulumi/pulumi-kubernetes/provider/v4",
  "kubernetes",
);
const embedded = ["schema.json", "terraform-mapping.json"];
const kubernetes: Tool = {
  ...kubernetesPlugin,
  source: {
    ...kubernetesPlugin.source,
    embed: Object.fromEntries(embedded.map((name) => [name, `cmd/pulumi-resource-kubernetes/${name}`])),
  },
};

/** Plugins by target; what a target does not use is not installed. */
const PLUGINS_OF = {
  vps: [docker, random],
  host: [aws],
  aws: [aws, random],
  kubernetes: [kubernetes, random],
} as const satisfies Record<string, readonly Tool[]>;

function clusterTool(
  name: string,
  version: string,
  source: Omit<GoSource, "folder"> & { folder?: string },
): Tool {
  return { name, kind: "cluster", version, source: { folder: name, ...source } };
}

const gitVersion = "k8s.io/component-base/version";

/** What the test cluster (cluster/) is made of, beside containerd and the CNI plugins, which are Debian's. */
export const CLUSTER_TOOLS = {
  etcd: clusterTool("etcd", "3.6.6", {
    package: ".",
    module: "go.etcd.io/etcd/server/v3",
    question: ["--version"],
  }),
  kubernetes: clusterTool("kubernetes", KUBERNETES_VERSION, {
    folder: "cluster",
    package: ".",
    module: "k8s.io/kubernetes",
    set: {
      [`${gitVersion}.gitVersion`]: `v${KUBERNETES_VERSION}`,
      [`${gitVersion}.gitMajor`]: KUBERNETES_VERSION.split(".")[0] ?? "",
      [`${gitVersion}.gitMinor`]: KUBERNETES_VERSION.split(".")[1] ?? "",
    },
    question: ["version"],
  }),
  coredns: clusterTool("coredns", "1.15.0", {
    package: ".",
    module: "github.com/coredns/coredns",
    question: ["-version"],
  }),
  "metrics-server": clusterTool("metrics-server", "0.9.0", {
    package: "sigs.k8s.io/metrics-server/cmd/metrics-server",
    module: "sigs.k8s.io/metrics-server",
    set: { "k8s.io/client-go/pkg/version.gitVersion": "v0.9.0" },
    question: ["--version"],
  }),
  traefik: clusterTool("traefik", "3.6.6", {
    package: "github.com/traefik/traefik/v3/cmd/traefik",
    module: "github.com/traefik/traefik/v3",
    set: { "github.com/traefik/traefik/v3/pkg/version.Version": "3.6.6" },
    question: ["version"],
    beside: {
      "gateway-api": { module: "sigs.k8s.io/gateway-api", path: "config/crd/standard" },
      "traefik.yaml": {
        module: "github.com/traefik/traefik/v3",
        path: "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",
      },
    },
  }),
  "kube-network-policies": clusterTool("kube-network-policies", "0.8.0", {
    package: ".",
    module: "sigs.k8s.io/kube-network-policies",
    set: { "main.version": "0.8.0" },
    question: ["--version"],
  }),
  // Of no module but its own: what holds a pod's network namespace.
  pause: clusterTool("pause", "1.0.0", { package: ".", module: "tristack.local/toolchain/pause" }),
} as const satisfies Record<string, Tool>;

/** Plays the kubelet of nodes that are not there: for tests of scale alone, so that nobody else builds it. */
export const KWOK: Tool = clusterTool("kwok", "0.8.0", {
  package: "sigs.k8s.io/kwok/cmd/kwok",
  module: "sigs.k8s.io/kwok",
  set: { "sigs.k8s.io/kwok/pkg/consts.Version": "v0.8.0" },
  beside: { stages: { module: "sigs.k8s.io/kwok", path: "kustomize/stage" } },
});
/** What blue-green and canary releases need besides: only a cluster that is asked for them has it. */
export const DELIVERY_TOOLS = {
  rollouts: clusterTool("rollouts", "1.10.1", {
    package: "github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
    module: "github.com/argoproj/argo-rollouts",
    set: { "github.com/argoproj/argo-rollouts/utils/version.version": "1.10.1" },
    question: ["--version"],
    beside: { crds: { module: "github.com/argoproj/argo-rollouts", path: "manifests/crds" } },
  }),
  prometheus: clusterTool("prometheus", "3.13.3", {
    package: "github.com/prometheus/prometheus/cmd/prometheus",
    module: "github.com/prometheus/prometheus",
    // Of all the clouds and schedulers that it finds its targets by, this cluster is one.
    tags: ["remove_all_sd", "enable_kubernetes_sd"],
    set: { "github.com/prometheus/common/version.Version": "3.13.3" },
    question: ["--version"],
  }),
} as const satisfies Record<string, Tool>;

/** What issues certificates: only a cluster that is asked for it has it. */
export const CERTIFICATE_TOOLS = {
  "cert-manager": clusterTool("cert-manager", "1.21.2", {
    package: ".",
    module: "github.com/cert-manager/cert-manager",
    set: { "main.version": "1.21.2" },
    question: ["--version"],
    beside: { crds: { module: "github.com/cert-manager/cert-manager", path: "deploy/crds" } },
  }),
} as const satisfies Record<string, Tool>;

export const TARGETS = Object.keys(PLUGINS_OF) as Target[];

/** What a stack needs, by the target in its settings: everything else at AWS has the same plugin, and Pulumi fetches others itself. */
export function targetFor(target: unknown): Target {
  return TARGETS.find((one) => one === target) ?? "host";
}

/** The tools that a stack of this target needs. */
export function toolsFor(target: Target): readonly Tool[] {
  return [CLI, languageHost, ...PLUGINS_OF[target]];
}

/** Where a tool lies: the folders that npm's `pulumi`, the Automation API and the CLI itself look in. */
export function toolPath(tool: Tool, home = pulumiHome()): string {
  if (tool.kind === "cluster") return cacheFolder("cluster-tools", `${tool.name}-${tool.version}`, tool.name);
  if (tool.kind !== "plugin") return join(home, "versions", tool.version, "bin", tool.name);
  const folder = `${tool.name.replace(/^pulumi-/, "")}-v${tool.version}`;
  return join(home, "plugins", folder, tool.name);
}

/** The images that every stack and the sample application are made of. */
const BASE_IMAGES = {
  nginx: { official: "nginx:1.28-alpine", suite: "forky" },
  postgres: { official: "postgres:16-alpine", suite: "bookworm" },
  redis: { official: "redis:7-alpine", suite: "bookworm" },
  certbot: { official: "certbot/dns-route53:v5.1.0", suite: "bookworm" },
  node: { official: "node:24-bookworm-slim", suite: "bookworm" },
  python: { official: "python:3.11-slim-bookworm", suite: "bookworm" },
} as const satisfies Record<string, ImagePin>;

/** The images of monitoring, which nobody gets whose stack has none. */
const MONITORING_IMAGES = {
  prometheus: { official: "prom/prometheus:v3.13.3", suite: "forky" },
  alertmanager: { official: "prom/alertmanager:v0.34.0", suite: "forky" },
  nodeExporter: { official: "prom/node-exporter:v1.12.1", suite: "forky" },
  blackbox: { official: "prom/blackbox-exporter:v0.28.0", suite: "forky" },
  cadvisor: { official: "ghcr.io/google/cadvisor:v0.60.5", suite: "forky" },
  grafana: { official: "grafana/grafana:12.4.4", suite: undefined },
} as const satisfies Record<string, ImagePin>;

export const IMAGES: Readonly<Record<ImageName, ImagePin>> = { ...BASE_IMAGES, ...MONITORING_IMAGES };

export interface ImagePin {
  /** Pulled where a registry can be reached. */
  readonly official: string;
  /** Debian release that the stand-in is built from elsewhere; undefined: there is none. */
  readonly suite: Suite | undefined;
}

export type Suite = "bookworm" | "forky";
export type BaseImageName = keyof typeof BASE_IMAGES;
export type MonitoringImageName = keyof typeof MONITORING_IMAGES;
export type ImageName = BaseImageName | MonitoringImageName;
export const BASE_IMAGE_NAMES = Object.keys(BASE_IMAGES) as BaseImageName[];
export const MONITORING_IMAGE_NAMES = Object.keys(MONITORING_IMAGES) as MonitoringImageName[];

/** What a stack of such settings needs. */
export function imagesOf(wanted: { monitoring: boolean; grafana?: boolean }): ImageName[] {
  const parts = MONITORING_IMAGE_NAMES.filter((name) => name !== "grafana" || wanted.grafana);
  return [...BASE_IMAGE_NAMES, ...(wanted.monitoring ? parts : [])];
}
