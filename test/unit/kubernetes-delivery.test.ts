/** How releases are delivered on a cluster: settings, and what is made of a Rollout's own words. */
import assert from "node:assert/strict";
import { type LiveRollout, type Verdict, verdictOf } from "../../components/kubernetes/promotion-verdict.ts";
import { watching } from "../../components/settings/delivery.ts";
import { parseSettings } from "../../components/settings.ts";
import { canaried, goodKubernetes } from "../support/kubernetes-settings.ts";
import { CONTEXT, changed, problemLines, rawConfig } from "../support/settings.ts";

describe("the settings of a delivery on a cluster", () => {
  const deliveryOf = (delivery: unknown) => {
    const config = changed(goodKubernetes(), ["delivery"], delivery);
    const result = parseSettings(rawConfig(config), { ...CONTEXT, secretKeys: new Set(["secrets"]) });
    assert.ok("settings" in result);
    const { delivery: all } = result.settings as { delivery: Record<string, unknown> };
    // How `tristack deploy` watches a release is the same on every target, and tested there.
    return Object.fromEntries(Object.entries(all).filter(([key]) => !(key in watching)));
  };

  it("are the source document's by default", () => {
    assert.deepEqual(deliveryOf(undefined), { strategy: "rolling" });
    assert.deepEqual(deliveryOf({ strategy: "blue-green" }), {
      strategy: "blue-green",
      autoPromotionDelay: "0s",
      scaleDownDelay: "10m",
    });
    assert.deepEqual(deliveryOf(canaried().delivery), {
      strategy: "canary",
      steps: [20, 40, 60, 80],
      pause: "5m",
      analysis: {
        prometheus: "http://prometheus.monitoring:9090",
        errorRate: 0.05,
        interval: "1m",
        window: "5m",
        failureLimit: 3,
      },
    });
  });

  const bad: [path: string, value: unknown, line: string][] = [
    [
      "delivery",
      { strategy: "big-bang" },
      "delivery.strategy is big-bang; needs one of: rolling, blue-green, canary",
    ],
    [
      "delivery.analysis",
      undefined,
      "delivery.analysis is missing; needs an object of: prometheus, errorRate, interval, window, failureLimit",
    ],
    [
      "delivery.analysis",
      {},
      "delivery.analysis.prometheus is missing; needs a URL without credentials, such as http://prometheus.monitoring:9090",
    ],
    [
      "delivery.analysis.prometheus",
      "prometheus:9090",
      "delivery.analysis.prometheus is prometheus:9090; needs a URL without credentials, such as http://prometheus.monitoring:9090",
    ],
    [
      "delivery.analysis.errorRate",
      5,
      "delivery.analysis.errorRate is 5; needs a number of errors a request from 0.0001 to 1",
    ],
    ["delivery.steps", [20, 60, 40], "delivery.steps[2] is 40; needs more than 60, the step before"],
    ["delivery.steps", [20, 100], "delivery.steps[1] is 100; needs a whole number from 1 to 99"],
    [
      "delivery.pause",
      "1m",
      'delivery.pause is "1m"; needs at least 75s: with 4 steps nothing less leaves time to abort',
    ],
  ];
  for (const [path, value, line] of bad) {
    it(`refuse: ${line}`, () => {
      const config = changed(canaried(), path.split("."), value);
      const lines = problemLines(config, { ...CONTEXT, secretKeys: new Set(["secrets"]) });
      assert.deepEqual(lines, [`tristack:${line}`]);
    });
  }
});

describe("what is made of a Rollout's own words", () => {
  const live = (status: LiveRollout["status"], generation = 2): LiveRollout => ({
    metadata: { generation },
    status: { observedGeneration: "2", ...status },
  });
  const stateOf = (rollout: LiveRollout): Verdict["state"] => verdictOf(rollout).state;
  const healthy = { phase: "Healthy", currentPodHash: "b", stableRS: "b" };

  it("is that a release serves once all of it is promoted", () => {
    assert.equal(stateOf(live(healthy)), "serves");
    assert.equal(stateOf(live({ ...healthy, stableRS: "a" })), "on its way");
  });

  it("is nothing as long as they are about the release before", () => {
    assert.equal(stateOf(live(healthy, 3)), "on its way");
    assert.equal(stateOf(live({ phase: "Degraded", abort: true }, 3)), "on its way");
    assert.equal(stateOf({ metadata: { generation: 1 } }), "on its way");
  });

  it("is a failure, with its reason and what was measured, once it is aborted", () => {
    const verdict = verdictOf(
      live({
        phase: "Degraded",
        message: "RolloutAborted: too many errors",
        abort: true,
        canary: { currentBackgroundAnalysisRunStatus: { name: "api-abc-2" } },
      }),
    );
    assert.deepEqual(verdict, {
      state: "failed",
      why: "Degraded, RolloutAborted: too many errors",
      analysisRun: "api-abc-2",
    });
  });

  it("tells a pause that is a step from one that nobody ends", () => {
    const paused = (reason: string) => live({ phase: "Paused", pauseConditions: [{ reason }] });
    assert.equal(stateOf(paused("CanaryPauseStep")), "on its way");
    assert.equal(stateOf(paused("BlueGreenPause")), "on its way");
    assert.equal(stateOf(paused("InconclusiveAnalysisRun")), "failed");
  });

  it("is a doubt where the controller may not have seen everything yet", () => {
    assert.equal(stateOf(live({ phase: "Degraded", message: "InvalidSpec: no such service" })), "doubtful");
  });
});
