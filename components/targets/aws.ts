/** An application at AWS. Its plugin takes seconds to start: it is told of the provider before the rest is loaded and built. */
import { setTimeout } from "node:timers/promises";
import { awsProvider } from "../aws/provider.ts";
import type { Built } from "../outputs.ts";
import type { Release } from "../release.ts";
import type { AwsSettings } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { vercelSdk } from "../vercel/sdk.ts";

/** Milliseconds that Node has nothing else to do, since only then Pulumi is told; one turn of its event loop is enough. */
const TOLD = 10;

export async function awsTarget(settings: AwsSettings, release: Release, owner: Owner): Promise<Built> {
  // First: where its package is missing, nothing is made.
  const vercel = settings.web && vercelSdk();
  const provider = awsProvider(settings.region, owner, settings.environment);
  await setTimeout(TOLD);
  const { awsApplication } = await import("./aws-application.ts");
  return awsApplication(settings, release, owner, { provider, vercel });
}
