/** What blue-green and canary releases need in the cluster: Argo Rollouts, and a Prometheus that it asks. */
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import type { Log } from "../command.ts";
import { DELIVERY_TOOLS, toolPath } from "../pins.ts";
import { ensureTools } from "../pulumi.ts";
import { apply, applyObjects, established, rolledOut } from "./kubectl.ts";
import { ensurePartsImage, loadImages } from "./images.ts";
import { type KubernetesObject, ROUTER_METRICS, ROUTER_NAMESPACE, program } from "./objects.ts";

const ROLLOUTS = { name: "argo-rollouts", namespace: "argo-rollouts" };
const PROMETHEUS = { name: "prometheus", namespace: "monitoring" };
const PROMETHEUS_PORT = 9090;

/** Where the cluster's pods ask Prometheus. */
export const PROMETHEUS_URL = `http://${PROMETHEUS.name}.${PROMETHEUS.namespace}:${PROMETHEUS_PORT}`;

/** Adds it to a cluster that is up; what is there already stays as it is. */
export async function addDelivery(log: Log): Promise<void> {
  await ensureTools(Object.values(DELIVERY_TOOLS), log);
  const image = await ensurePartsImage("delivery", log);
  await loadImages([image], log);
  log("adding Argo Rollouts and Prometheus");
  await apply(["--kustomize", join(dirname(toolPath(DELIVERY_TOOLS.rollouts)), "crds")]);
  await established();
  await applyObjects([...rollouts(image), ...prometheus(image)]);
  await rolledOut(ROLLOUTS, PROMETHEUS);
}

function rollouts(image: string): KubernetesObject[] {
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: ROLLOUTS.namespace } },
    ...program({
      ...ROLLOUTS,
      image,
      command: ["/rollouts", "--leader-elect=false"],
      ports: [{ containerPort: 8080 }],
      ready: { path: "/healthz", port: 8080 },
      // It asks Prometheus by the name of its Service.
      dnsPolicy: "ClusterFirst",
    }),
  ];
}

function prometheus(image: string): KubernetesObject[] {
  const { name, namespace } = PROMETHEUS;
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    ...program({
      name,
      namespace,
      image,
      command: [
        "/prometheus",
        "--config.file=/files/prometheus.yml",
        "--storage.tsdb.path=/tmp/prometheus",
        "--storage.tsdb.retention.time=2h",
      ],
      ports: [{ containerPort: PROMETHEUS_PORT }],
      ready: { path: "/-/ready", port: PROMETHEUS_PORT },
      files: { "prometheus.yml": stringify(configuration()) },
    }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { selector: { app: name }, ports: [{ port: PROMETHEUS_PORT }] },
    },
  ];
}

/** Every pod that says by its annotations where its metrics are, and the router, whose metrics have a port of their own. */
function configuration() {
  const pods = (...relabelings: object[]) => ({
    kubernetes_sd_configs: [{ role: "pod" }],
    relabel_configs: relabelings,
  });
  const pod = "__meta_kubernetes_pod";
  const annotation = `${pod}_annotation_prometheus_io`;
  const keep = (label: string, regex: string) => ({ source_labels: [label], regex, action: "keep" });
  const named = [
    { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
    { source_labels: [`${pod}_name`], target_label: "pod" },
  ];
  return {
    // Short, for tests that wait for a verdict.
    global: { scrape_interval: "2s", scrape_timeout: "2s" },
    scrape_configs: [
      {
        job_name: "pods",
        ...pods(
          keep(`${annotation}_scrape`, "true"),
          { source_labels: [`${annotation}_path`], regex: "(.+)", target_label: "__metrics_path__" },
          {
            source_labels: [`${pod}_ip`, `${annotation}_port`],
            separator: ":",
            target_label: "__address__",
          },
          ...named,
        ),
      },
      {
        job_name: "router",
        ...pods(
          keep("__meta_kubernetes_namespace", ROUTER_NAMESPACE),
          keep(`${pod}_container_port_number`, String(ROUTER_METRICS)),
          ...named,
        ),
      },
    ],
  };
}
