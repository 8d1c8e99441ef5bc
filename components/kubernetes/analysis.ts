/** What tells a bad canary: its share of answers with 5xx, as the router has counted them. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesSettings } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { labelsOf } from "./labels.ts";
import type { Gradual } from "./delivery.ts";
import { SERVICE_PORT } from "./service.ts";

export interface AnalysisArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
  analysis: Extract<Gradual, { strategy: "canary" }>["analysis"];
  router: KubernetesSettings["proxy"]["mode"];
}

/**
 * A measurement passes only where there were requests, and few enough of them failed: no series, or 0/0, is a failed one,
 * and a canary that nobody asked for anything is aborted.
 */
export function analysisTemplate(name: string, args: AnalysisArgs, opts: pulumi.CustomResourceOptions) {
  const { owner, namespace, analysis } = args;
  return new kubernetes.apiextensions.CustomResource(
    `${name}-analysis`,
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisTemplate",
      metadata: { name, namespace, labels: labelsOf(owner, name) },
      spec: {
        args: [{ name: "service" }],
        metrics: [
          {
            name: "error-rate",
            interval: analysis.interval,
            // Before that there is next to nothing to measure.
            initialDelay: analysis.interval,
            successCondition: `len(result) > 0 && !isNaN(result[0]) && result[0] < ${analysis.errorRate}`,
            failureLimit: analysis.failureLimit,
            // A Prometheus that does not answer is asked again after 10 s each time, and four times by default: steps that are over
            // sooner promoted what nobody had measured.
            consecutiveErrorLimit: analysis.failureLimit,
            provider: {
              prometheus: {
                address: analysis.prometheus,
                query: errorRate(args),
              },
            },
          },
        ],
      },
    },
    opts,
  );
}

/** Summed on both sides: the series of the two have different labels, and nothing else would be divided by anything. */
function errorRate({ router, analysis }: AnalysisArgs): string {
  const { metric, service, status } = ROUTERS[router];
  const rate = (...more: string[]) =>
    `sum(rate(${metric}{${[`${service}="{{args.service}}"`, ...more].join(",")}}[${analysis.window}]))`;
  // A canary that has not failed once has no series of failures.
  return `(${rate(`${status}=~"5.."`)} or vector(0)) / ${rate()}`;
}

/** How each router counts requests, and what it calls a Service that it has sent them to. */
const ROUTERS = {
  gateway: {
    metric: "traefik_service_requests_total",
    service: "service",
    status: "code",
    nameOf: (backend: string) => `${backend}@kubernetescrd`,
  },
  ingress: {
    metric: "nginx_ingress_controller_requests",
    service: "canary",
    status: "status",
    nameOf: (backend: string) => backend,
  },
} as const;

/** The canary's Service, as the router's metrics name it. */
export function measuredService(
  { namespace, router }: Pick<AnalysisArgs, "namespace" | "router">,
  canary: string,
): pulumi.Output<string> {
  return pulumi.output(namespace).apply((of) => ROUTERS[router].nameOf(`${of}-${canary}-${SERVICE_PORT}`));
}
