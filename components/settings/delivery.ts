/** How `tristack deploy` watches a release, whatever carries it. */
import { command, path } from "./application.ts";
import { amount, duration, list, object } from "./value-types.ts";

/** The settings that every target's `delivery` has. */
export const watching = {
  bake: duration("0s", "1h")
    .default("60s")
    .describe(
      "Time after the switch in which `tristack deploy` watches the release and goes back by itself. `0s`: none.",
    ),
  maxErrors: amount(0, 100, "percent")
    .default(1)
    .describe("Share of requests answered with 5xx, in percent, above which the bake fails."),
  maxP99: duration("1s", "5m")
    .default("3s")
    .describe("Time within which 99 of 100 requests of the probe must be answered during the bake."),
  probe: list(path(), 0, 20, "paths, such as [/, /api/items]")
    .default([])
    .describe("Paths that are asked for through every rollout, besides `/` and `/health`."),
  hooks: object({
    before: command(64).optional().describe("Before anything is changed; a failure stops the deploy."),
    after: command(64).optional().describe("After a release has passed its bake."),
    failure: command(64).optional().describe("After a deploy has failed and the previous release is back."),
  })
    .prefault({})
    .describe(
      "Commands run where `tristack deploy` runs, with TRISTACK_STACK, _VERSION, _RELEASE and _RESULT.",
    ),
};
