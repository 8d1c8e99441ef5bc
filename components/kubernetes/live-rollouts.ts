/** Rollouts as the API server has them, and what was measured about them. */
import { type ClusterAccess, load } from "./cluster-access.ts";
import type { LiveRollout } from "./promotion-verdict.ts";

export interface LiveRollouts {
  rollout(name: string): Promise<LiveRollout>;
  /** Measurements of its newest release, in the order in which they were made; none where nobody knows. */
  measured(name: string): Promise<string[]>;
}

interface AnalysisRuns {
  items: { status?: { metricResults?: { measurements?: { value?: string; message?: string }[] }[] } }[];
}

const GROUP = { group: "argoproj.io", version: "v1alpha1" } as const;

/** The client is loaded by those alone who ask: it is large. */
export async function liveRollouts(of: { cluster: ClusterAccess; namespace: string }): Promise<LiveRollouts> {
  const { cluster, namespace } = of;
  const { CustomObjectsApi, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  load(config, cluster);
  const api = config.makeApiClient(CustomObjectsApi);
  const rollout = async (name: string) =>
    (await api.getNamespacedCustomObject({ ...GROUP, namespace, plural: "rollouts", name })) as LiveRollout;
  const measured = async (name: string) => {
    const { status } = await rollout(name);
    const labelSelector = `rollouts-pod-template-hash=${status?.currentPodHash ?? ""}`;
    const list = { ...GROUP, namespace, plural: "analysisruns", labelSelector };
    const { items } = (await api.listNamespacedCustomObject(list)) as AnalysisRuns;
    return items
      .flatMap((run) => run.status?.metricResults ?? [])
      .flatMap(({ measurements = [] }) =>
        measurements.map(({ value, message }) => value ?? message ?? "nothing"),
      );
  };
  return { rollout, measured: (name) => measured(name).catch(() => []) };
}
