/**
 * What the cluster's own Prometheus Operator and Grafana (kube-prometheus-stack, say) are told of the stack: whom to ask for
 * metrics, when to alarm, what to show.
 */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesSettings } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { labelsOf, selectorOf } from "./labels.ts";
import { type Watched, alertRules } from "./monitoring/alerts.ts";
import { dashboard } from "./monitoring/dashboard.ts";

export type MonitoringSettings = NonNullable<KubernetesSettings["monitoring"]>;

export interface MonitoringArgs extends Omit<Watched, "namespace" | "services"> {
  owner: Owner;
  namespace: pulumi.Input<string>;
  settings: MonitoringSettings;
  /** Paths of the metrics, by service. */
  services: Readonly<Record<string, string>>;
}

/** https://prometheus-operator.dev/docs/api-reference/api/ */
const OPERATOR = "monitoring.coreos.com/v1";
/** By which the sidecar of Grafana's chart finds dashboards: its default. */
const DASHBOARD_LABEL = { grafana_dashboard: "1" };

export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:Monitoring", name, {}, opts);
    const { owner, namespace, settings, services } = args;
    const parent = { parent: this };
    const metadata = (of: string) => ({
      name: of,
      namespace,
      labels: { ...labelsOf(owner, "monitoring"), ...settings.labels },
    });
    for (const [service, path] of Object.entries(services))
      new kubernetes.apiextensions.CustomResource(
        `${service}-monitor`,
        {
          apiVersion: OPERATOR,
          // Its pods and not its Services: a canary's pods belong to two.
          kind: "PodMonitor",
          metadata: metadata(service),
          spec: {
            selector: { matchLabels: selectorOf(owner, service) },
            podMetricsEndpoints: [
              { port: "http", path, interval: settings.interval, relabelings: named(service) },
            ],
          },
        },
        parent,
      );
    const watched = { ...args, services: Object.keys(services) };
    new kubernetes.apiextensions.CustomResource(
      "alerts",
      {
        apiVersion: OPERATOR,
        kind: "PrometheusRule",
        metadata: metadata("alerts"),
        spec: {
          groups: [
            {
              name: `${owner.project}-${owner.stack}`,
              rules: pulumi
                .output(namespace)
                .apply((known) => alertRules(settings, { ...watched, namespace: known })),
            },
          ],
        },
      },
      parent,
    );
    const title = `${owner.project}, ${owner.stack}`;
    new kubernetes.core.v1.ConfigMap(
      "dashboard",
      {
        metadata: {
          name: "dashboard",
          namespace,
          labels: { ...labelsOf(owner, "monitoring"), ...DASHBOARD_LABEL },
        },
        data: {
          [`${owner.project}-${owner.stack}.json`]: pulumi
            .output(namespace)
            .apply((known) =>
              JSON.stringify(dashboard(settings, { title, uid: uidOf(owner), namespace: known })),
            ),
        },
      },
      parent,
    );
    this.registerOutputs({});
  }
}

/** Labels of everything that a service's pods say: its name, as alerts and dashboard ask for it, and its version. */
function named(service: string) {
  return [
    { targetLabel: "service", replacement: service },
    { sourceLabels: ["__meta_kubernetes_pod_label_app_kubernetes_io_version"], targetLabel: "version" },
  ];
}

/** Grafana's have 40 letters at most. */
function uidOf({ project, stack }: Owner): string {
  return `${project}-${stack}`.slice(-40);
}
