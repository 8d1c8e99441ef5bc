/** What each script of the workflows is given in tests, and what has to come of it, by the step's key. */
import { checks } from "./steps/checks.ts";
import type { StepCase } from "./steps/contexts.ts";
import { pullRequests } from "./steps/pull-requests.ts";
import { releases } from "./steps/releases.ts";
import { scheduled } from "./steps/scheduled.ts";

export const cases: Readonly<Record<string, readonly StepCase[]>> = {
  ...checks,
  ...pullRequests,
  ...releases,
  ...scheduled,
};
