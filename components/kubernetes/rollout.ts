/** A Rollout of Argo's: blue-green, or canary by the router's weights, with what it needs around it. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { seconds } from "../shared/units.ts";
import { analysisTemplate, measuredService } from "./analysis.ts";
import { labelsOf } from "./labels.ts";
import { promoted } from "./promotion.ts";
import { type Gradual, HISTORY, type ReleaseArgs, commonSpec, scaledByOthers } from "./delivery.ts";
import { SERVICE_PORT, service } from "./service.ts";

export type RolloutArgs = Omit<ReleaseArgs, "delivery"> & { delivery: Gradual };

export const ROLLOUT = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" } as const;
/** The Ingress of the stack, where there is one. */
const INGRESS = "site";
/** What starting the controller's work and the last switch take, with air. */
const MARGIN_SECONDS = 60;

/** @returns known once the release has all of the traffic; fails when it was aborted, or takes too long. */
export function rollout(
  name: string,
  args: RolloutArgs,
  { dependsOn, ...opts }: pulumi.CustomResourceOptions,
): pulumi.Output<unknown> {
  const { delivery, namespace } = args;
  const other = `${name}-${delivery.strategy === "canary" ? "canary" : "preview"}`;
  const services = [name, other].map((each) =>
    service(
      each,
      name,
      args,
      // From then on Argo Rollouts says which pods of the service it leads to.
      { ...opts, ignoreChanges: ["spec.selector"] },
      // Its pods come after it: a Rollout without its Services does not start.
      { "pulumi.com/skipAwait": "true" },
    ),
  );
  const shares =
    delivery.strategy === "canary" && args.router === "gateway" ? [shared(name, other, args, opts)] : [];
  const measured =
    delivery.strategy === "canary"
      ? [analysisTemplate(name, { ...args, analysis: delivery.analysis }, { parent: opts.parent })]
      : [];
  const made = new kubernetes.apiextensions.CustomResource(
    name,
    {
      ...ROLLOUT,
      metadata: {
        name,
        namespace,
        labels: args.labels,
        annotations: {
          // While it waits for the end of a Rollout, Pulumi's plugin dies of its `observedGeneration`, a text: gone at once.
          "pulumi.com/deletionPropagationPolicy": "background",
        },
      },
      spec: {
        ...commonSpec(name, args),
        // Back to one of the releases before: without steps, and without waiting for requests to measure.
        rollbackWindow: { revisions: HISTORY },
        // What never gets ready is given up, and the old pods serve on.
        progressDeadlineAbort: true,
        strategy:
          delivery.strategy === "canary"
            ? { canary: canary(name, other, delivery, args) }
            : { blueGreen: blueGreen(name, other, delivery) },
      },
    },
    {
      ...opts,
      ...scaledByOthers(args.settings),
      dependsOn: [...services, ...shares, ...measured, ...dependencies(dependsOn)],
    },
  );
  return promoted(made, { namespace, name, cluster: args.cluster, patienceSeconds: patienceOf(args) });
}

function blueGreen(active: string, preview: string, delivery: Extract<Gradual, { strategy: "blue-green" }>) {
  const delay = seconds(delivery.autoPromotionDelay);
  return {
    activeService: active,
    previewService: preview,
    autoPromotionEnabled: true,
    ...(delay === 0 ? {} : { autoPromotionSeconds: delay }),
    scaleDownDelaySeconds: seconds(delivery.scaleDownDelay),
    // Of two releases in a row only the last one's pods are kept: there is no going back further at once.
    scaleDownDelayRevisionLimit: 1,
  };
}

/**
 * The stable Service has the service's own name: other services that ask for it never reach a canary, whose share is then
 * that of the requests from outside. (Neither dynamicStableScale nor abortScaleDownDelaySeconds: together they block an
 * abort in 1.10.)
 */
function canary(
  stable: string,
  other: string,
  delivery: Extract<Gradual, { strategy: "canary" }>,
  args: RolloutArgs,
) {
  return {
    stableService: stable,
    canaryService: other,
    trafficRouting:
      args.router === "gateway"
        ? { traefik: { weightedTraefikServiceName: stable } }
        : { nginx: { stableIngress: INGRESS } },
    steps: delivery.steps.flatMap((setWeight) => [{ setWeight }, { pause: { duration: delivery.pause } }]),
    analysis: {
      templates: [{ templateName: stable }],
      args: [{ name: "service", value: measuredService(args, other) }],
      // From the first share on: the source document has it from the second, and lets the first one run unwatched.
      startingStep: 1,
    },
  };
}

/** What the router's routes lead to: both Services, by shares that Argo Rollouts sets. */
function shared(name: string, other: string, args: RolloutArgs, opts: pulumi.CustomResourceOptions) {
  const { owner, namespace } = args;
  const to = (service: string, weight: number) => ({ name: service, port: SERVICE_PORT, weight });
  return new kubernetes.apiextensions.CustomResource(
    `${name}-shares`,
    {
      ...SHARES,
      metadata: { name, namespace, labels: labelsOf(owner, name) },
      spec: { weighted: { services: [to(name, 100), to(other, 0)] } },
    },
    { ...opts, ignoreChanges: ["spec"] },
  );
}

export const SHARES = { apiVersion: "traefik.io/v1alpha1", kind: "TraefikService" } as const;

/** Longest time that a release may take. Each step may wait for pods. */
function patienceOf({ delivery, progressSeconds }: RolloutArgs): number {
  if (delivery.strategy === "blue-green")
    return seconds(delivery.autoPromotionDelay) + progressSeconds + MARGIN_SECONDS;
  const { steps, pause } = delivery;
  return steps.length * (seconds(pause) + progressSeconds) + progressSeconds + MARGIN_SECONDS;
}

function dependencies(dependsOn: pulumi.CustomResourceOptions["dependsOn"]) {
  if (dependsOn === undefined) return [];
  return (Array.isArray(dependsOn) ? dependsOn : [dependsOn]) as pulumi.Resource[];
}
