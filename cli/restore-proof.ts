/** Whether a backup was restored lately: what a release with migrations relies on when it goes wrong. */
import type { ApplicationSettings } from "../components/settings.ts";
import { longestGap } from "../components/shared/schedule.ts";
import type { LiveStatus } from "./status.ts";
import { age } from "./recovery.ts";

/** Time that a drill may be late, in seconds: one day. */
const SLACK = 86_400;

/** A warning where a release brings migrations and nobody knows whether a backup could be restored. */
export function proofWarning(
  { services, backup }: Pick<ApplicationSettings, "services" | "backup">,
  proof: LiveStatus["lastVerifiedRestore"],
  now: Date,
): string | undefined {
  if (!Object.values(services).some(({ migrate }) => migrate !== undefined)) return undefined;
  const before = "this release brings migrations, and ";
  if (!backup) return `${before}there are no backups of the database: set \`backup\``;
  const mend = "make one: tristack backup drill";
  if (!proof) return `${before}no backup was ever restored; ${mend}`;
  if (!proof.passed) return `${before}the last backup could not be restored; ${mend}`;
  const stale = now.getTime() - new Date(proof.at).getTime() > (longestGap(backup.drill) + SLACK) * 1000;
  return stale
    ? `${before}the last restore was tried ${age(new Date(proof.at), now)} ago; ${mend}`
    : undefined;
}
