/** What a release of a stack leaves alone, since somebody else releases it. */
import type { ApplicationSettings } from "../components/settings.ts";

/** A sentence for who releases; undefined where the stack releases all of its application. */
export function releasedElsewhere(settings: ApplicationSettings): string | undefined {
  if (settings.target !== "aws" || !settings.web) return undefined;
  const { productionBranch, repository } = settings.web;
  return (
    `The web is no part of this: Vercel deploys it by itself, from ${productionBranch} of ${repository}, ` +
    "and brings an earlier one back by `vercel rollback`."
  );
}
