/** Waits for a Rollout: Pulumi itself takes what it has handed over for done. */
import { setTimeout as sleep } from "node:timers/promises";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Verdict, verdictOf } from "./promotion-verdict.ts";
import { liveRollouts } from "./live-rollouts.ts";
import type { ClusterAccess } from "./cluster-access.ts";

export interface PromotionArgs {
  namespace: pulumi.Input<string>;
  name: string;
  cluster: ClusterAccess;
  /** Longest time that the release may take. */
  patienceSeconds: number;
}

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
  const live = await liveRollouts(args);
  const began = Date.now();
  const elapsed = () => Math.round((Date.now() - began) / 1000);
  let doubtedAt: number | undefined;
  let said = "";
  for (;;) {
    // One answer that does not come is no reason to give up a release.
    const verdict = await live.rollout(name).then(verdictOf, unanswered);
    if (verdict.state === "serves") return;
    doubtedAt = verdict.state === "doubtful" ? (doubtedAt ?? elapsed()) : undefined;
    const failed =
      verdict.state === "failed" || (doubtedAt !== undefined && elapsed() - doubtedAt >= DOUBT_SECONDS);
    if (failed)
      throw refusal(args, `failed, and the one before serves: ${verdict.why}`, await live.measured(name));
    if (elapsed() > patienceSeconds)
      throw refusal(args, `does not serve after ${patienceSeconds} s: ${verdict.why}`);
    if (verdict.why !== said) await pulumi.log.info(`${name}: ${verdict.why}`, resource, undefined, true);
    said = verdict.why;
    await sleep(PACE_MS);
  }
}

function unanswered(error: unknown): Verdict {
  // The client adds the whole answer to its message, headers and all.
  const [first = "", second = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return { state: "doubtful", why: `the cluster does not answer: ${first} ${second}`.trim() };
}

function refusal(
  { name, namespace }: PromotionArgs & { namespace: string },
  why: string,
  measured: string[] = [],
) {
  const lines = [
    `the release of ${name} ${why}`,
    ...(measured.length > 0 ? [`error rates measured: ${measured.join(", ")}`] : []),
    `It stays so until there is another release, or by: kubectl argo rollouts retry rollout ${name} -n ${namespace}`,
  ];
  return new pulumi.RunError(lines.join("\n"));
}
