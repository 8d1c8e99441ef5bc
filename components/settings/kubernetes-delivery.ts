/** How traffic moves to a release on a cluster. */
import { z } from "zod";
import { watching } from "./delivery.ts";
import { amount, choice, duration, list, object, text, wholeNumber } from "./value-types.ts";

const analysis = object({
  prometheus: text(
    /^https?:\/\/[a-z0-9][a-z0-9.-]*(:\d{1,5})?(\/[A-Za-z0-9._~/-]*)?$/,
    "a URL without credentials, such as http://prometheus.monitoring:9090",
  ).describe(
    "Prometheus that scrapes the router's metrics, as Argo Rollouts reaches it from its own namespace.",
  ),
  errorRate: amount(0.0001, 1, "errors a request")
    .default(0.05)
    .describe("Share of the canary's requests answered with 5xx from which on it is aborted."),
  interval: duration("1s", "1h").default("1m").describe("Time between two measurements."),
  window: duration("5s", "1h").default("5m").describe("Time that one measurement looks back."),
  failureLimit: wholeNumber(0, 100)
    .default(3)
    .describe("Failed measurements that are borne; one more aborts. No request at all is a failed one."),
});

export const delivery = choice("strategy", [
  object({
    strategy: z.literal("rolling").describe("Pod by pod, by Kubernetes' own Deployments."),
    ...watching,
  }),
  object({
    strategy: z
      .literal("blue-green")
      .describe("All new pods beside the old ones, then all traffic at once; by Argo Rollouts."),
    autoPromotionDelay: duration("0s", "1h")
      .default("0s")
      .describe("Time that a release is reached as `<service>-preview` alone before it takes the traffic."),
    scaleDownDelay: duration("30s", "24h")
      .default("10m")
      .describe("Time that the pods of the release before run on, to go back to at once."),
    ...watching,
  }),
  object({
    strategy: z
      .literal("canary")
      .describe("More and more traffic while its errors are few; by Argo Rollouts and Prometheus."),
    steps: list(wholeNumber(1, 99), 1, 20, "percents of the traffic, such as [20, 40, 60, 80]")
      .default([20, 40, 60, 80])
      .describe("Shares of the traffic that a release gets one after the other before all of it."),
    pause: duration("1s", "24h").default("5m").describe("Time at each of the steps."),
    analysis: analysis.describe("What aborts a release."),
    ...watching,
  }),
])
  .prefault({ strategy: "rolling" })
  .describe("How traffic moves to a release: of services with `routes`. Workers always roll.");
