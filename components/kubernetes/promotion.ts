/** Waits for a Rollout: Pulumi itself takes what it has handed over for done. */
import { setTimeout as sleep } from "node:timers/promises";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type LiveRollout, type Verdict, verdictOf } from "./promotion-verdict.ts";
import type { ClusterAccess } from "./provider.ts";

export interface PromotionArgs {
  namespace: pulumi.Input<string>;
  name: string;
  cluster: ClusterAccess;
  /** Longest time that the release may take. */
  patienceSeconds: number;
}

const GROUP = { group: "argoproj.io", version: "v1alpha1" } as const;
const PACE_MS = 1000;
/** Until its controller has seen all that a Rollout names, it calls it wrong. */
const DOUBT_SECONDS = 20;

/**
 * Known once the release has all of the traffic. Fails as soon as it is aborted, with the reason: an error in the program
 * makes Pulumi delete nothing that the old pods need. Asked in every update: an aborted one stays a failure until there
 * is another release.
 *
 * Not Pulumi's own `waitFor`: it takes the `Healthy` of the release before for an answer, and waits on after an abort.
 */
export function promoted(
  rollout: kubernetes.apiextensions.CustomResource,
  args: PromotionArgs,
): pulumi.Output<unknown> {
  return pulumi.all([rollout.metadata, args.namespace]).apply(async ([{ uid }, namespace]) => {
    // Without an identity there is no object: a preview, or a test of the graph.
    if (pulumi.runtime.isDryRun() || uid === undefined) return uid;
    await wait({ ...args, namespace }, rollout);
    return uid;
  });
}

async function wait(args: PromotionArgs & { namespace: string }, resource: pulumi.Resource): Promise<void> {
  const { name, patienceSeconds } = args;
  const read = await reader(args);
  const began = Date.now();
  const elapsed = () => Math.round((Date.now() - began) / 1000);
  let doubtedAt: number | undefined;
  let said = "";
  for (;;) {
    const verdict = verdictOf(await read("rollouts", name));
    if (verdict.state === "serves") return;
    doubtedAt = verdict.state === "doubtful" ? (doubtedAt ?? elapsed()) : undefined;
    const failed =
      verdict.state === "failed" || (doubtedAt !== undefined && elapsed() - doubtedAt >= DOUBT_SECONDS);
    if (failed || elapsed() > patienceSeconds) throw await refusal(args, verdict, failed, read);
    if (verdict.why !== said) await pulumi.log.info(`${name}: ${verdict.why}`, resource, undefined, true);
    said = verdict.why;
    await sleep(PACE_MS);
  }
}

type Read = (plural: "rollouts" | "analysisruns", name: string) => Promise<LiveRollout>;

/** The client is loaded by those alone who wait for a Rollout: it is large. */
async function reader({ cluster, namespace }: PromotionArgs & { namespace: string }): Promise<Read> {
  const { CustomObjectsApi, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  if (cluster.kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(cluster.kubeconfig);
  if (cluster.context !== undefined) config.setCurrentContext(cluster.context);
  const api = config.makeApiClient(CustomObjectsApi);
  return async (plural, name) =>
    (await api.getNamespacedCustomObject({ ...GROUP, namespace, plural, name })) as LiveRollout;
}

async function refusal(
  { name, namespace, patienceSeconds }: PromotionArgs & { namespace: string },
  { why, analysisRun }: Exclude<Verdict, { state: "serves" }>,
  failed: boolean,
  read: Read,
): Promise<pulumi.RunError> {
  const measured =
    failed && analysisRun !== undefined
      ? ((await read("analysisruns", analysisRun)).status?.metricResults ?? []).flatMap(
          ({ measurements = [] }) => measurements.map(({ value, message }) => value ?? message ?? "nothing"),
        )
      : [];
  const lines = [
    failed
      ? `the release of ${name} failed, and the one before serves: ${why}`
      : `the release of ${name} does not serve after ${patienceSeconds} s: ${why}`,
    ...(measured.length > 0 ? [`error rates measured: ${measured.join(", ")}`] : []),
    `It stays so until there is another release, or by: kubectl argo rollouts retry rollout ${name} -n ${namespace}`,
  ];
  return new pulumi.RunError(lines.join("\n"));
}
