/** How far a Rollout is, by what its controller says. */

/** As the API server has it: what is looked at here. */
export interface LiveRollout {
  metadata?: { generation?: number };
  status?: {
    /** A text, unlike everywhere else in Kubernetes. */
    observedGeneration?: string;
    phase?: string;
    message?: string;
    abort?: boolean;
    currentPodHash?: string;
    stableRS?: string;
    pauseConditions?: { reason?: string }[];
    canary?: {
      weights?: { canary?: { weight?: number } };
      currentBackgroundAnalysisRunStatus?: { name?: string };
    };
    /** Of an AnalysisRun. */
    metricResults?: { measurements?: { value?: string; message?: string }[] }[];
  };
}

export type Verdict =
  | { state: "serves" }
  /** `doubtful`: called wrong by the controller, which may not have seen everything yet. */
  | { state: "on its way" | "failed" | "doubtful"; why: string; analysisRun?: string | undefined };

/** Pauses that are steps of the release: they end by themselves. */
const STEPS = new Set(["CanaryPauseStep", "BlueGreenPause"]);

export function verdictOf({ metadata, status = {} }: LiveRollout): Verdict {
  // Of the release before.
  if (status.observedGeneration !== String(metadata?.generation))
    return { state: "on its way", why: "waiting for Argo Rollouts to take it up" };
  const why = [status.phase, status.message].filter(Boolean).join(", ") || "no word from Argo Rollouts";
  const analysisRun = status.canary?.currentBackgroundAnalysisRunStatus?.name;
  if (status.abort) return { state: "failed", why, analysisRun };
  const stuck = status.pauseConditions?.find(({ reason = "" }) => !STEPS.has(reason));
  if (stuck) return { state: "failed", why, analysisRun };
  if (status.phase === "Degraded") return { state: "doubtful", why, analysisRun };
  if (status.phase === "Healthy" && status.currentPodHash === status.stableRS) return { state: "serves" };
  const share = status.canary?.weights?.canary?.weight;
  return { state: "on its way", why: share === undefined ? why : `${why}, ${share} % of the traffic` };
}
