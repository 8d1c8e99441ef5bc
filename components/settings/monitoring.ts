/** The setting `monitoring`: what watches the stack, and when it alarms. */
import { z } from "zod";
import { amount, duration, map, object, objectName, size, text, wholeNumber } from "./value-types.ts";

const loopbackPort = (port: number, of: string) =>
  wholeNumber(1, 65_535)
    .default(port)
    .describe(`Port of ${of} on the host's 127.0.0.1: nobody outside reaches it but through ssh.`);

const ofAnswers = {
  errorRate: amount(0.1, 100, "percent")
    .default(5)
    .describe("Share of a service's answers with 5xx, in percent, above which it alarms."),
  p95: amount(0.01, 300, "seconds")
    .default(1)
    .describe("Seconds within which 95 of 100 requests to a service must be answered."),
  certificate: duration("1h", "90d")
    .default("14d")
    .describe("Time before the certificate's end at which it should have been renewed."),
  window: duration("10s", "1h")
    .default("5m")
    .describe("Time over which rates are taken, in alerts and on the dashboard."),
  after: duration("1s", "1h")
    .default("5m")
    .describe("Time that something must be wrong before it is an alarm; a minute at most for what is down."),
};

const thresholds = object({
  ...ofAnswers,
  disk: amount(1, 99, "percent")
    .default(85)
    .describe("Used share of the disk that Docker keeps everything on, in percent."),
  memory: amount(1, 99, "percent").default(90).describe("Used share of the host's memory, in percent."),
});

const interval = duration("1s", "5m").default("15s").describe("Time between two looks at everything.");

export const monitoring = object({
  interval,
  retention: duration("1h", "3650d").default("15d").describe("Time that metrics are kept."),
  retentionSize: size("128MiB", "1024GiB")
    .default("2GiB")
    .describe("Disk space that they may take; the oldest go first."),
  memory: size("128MiB", "64GiB").default("512MiB").describe("Memory limit of Prometheus."),
  port: loopbackPort(9090, "Prometheus"),
  grafana: object({
    enabled: z
      .boolean("true or false")
      .meta({ errorMessage: "true or false" })
      .default(true)
      .describe("Whether there is Grafana with the dashboard; false saves its memory."),
    port: loopbackPort(3001, "Grafana"),
    memory: size("128MiB", "16GiB").default("256MiB").describe("Memory limit of Grafana."),
  })
    .prefault({})
    .describe("The dashboard."),
  alerts: thresholds.prefault({}).describe("When to alarm. Alarms go to the top-level `alarm`."),
});

/** Of a cluster: Prometheus and Grafana are the cluster's own. */
export const clusterMonitoring = object({
  namespace: objectName("a namespace")
    .default("monitoring")
    .describe(
      "Namespace of the cluster's Prometheus: its pods, and no others, may ask the services for their metrics.",
    ),
  labels: map(
    text(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, "a label of Kubernetes"),
    text(/^[A-Za-z0-9]?[A-Za-z0-9._-]{0,62}$/, "a label's value"),
    "labels, such as { release: kube-prometheus-stack }",
  )
    .default({ release: "kube-prometheus-stack" })
    .describe("Labels by which the Prometheus Operator chooses what it looks at, and rules."),
  interval,
  alerts: object({
    ...ofAnswers,
    disk: amount(1, 99, "percent").default(85).describe("Used share of a volume, in percent."),
    memory: amount(1, 99, "percent")
      .default(95)
      .describe("Used share of a container's memory limit, in percent."),
  })
    .prefault({})
    .describe("When to alarm. Whom, is the business of the cluster's Alertmanager."),
});

/** The images of monitoring. @param image the value type of an image */
export function monitoringImages(image: () => z.ZodString) {
  return {
    prometheus: image().default("prom/prometheus:v3.13.3").describe("Prometheus 3."),
    alertmanager: image().default("prom/alertmanager:v0.34.0").describe("What sends alarms."),
    nodeExporter: image().default("prom/node-exporter:v1.12.1").describe("Metrics of the host."),
    blackbox: image()
      .default("prom/blackbox-exporter:v0.28.0")
      .describe("What asks the site, and whether database and cache answer."),
    cadvisor: image().default("ghcr.io/google/cadvisor:v0.60.5").describe("Metrics of containers."),
    grafana: image().default("grafana/grafana:12.4.4").describe("The dashboard."),
  };
}
