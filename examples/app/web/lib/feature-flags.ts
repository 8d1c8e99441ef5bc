/** Feature flags, through PostHog, behind one function. */
import { PostHog } from "posthog-node";
import { settings } from "./settings.ts";
import { onShutdown } from "./shutdown.ts";

const TIMEOUT_MS = 1000;

let client: PostHog | undefined;

function connect(apiKey: string): PostHog {
  const created = new PostHog(apiKey, {
    host: settings().posthogHost,
    requestTimeout: TIMEOUT_MS,
    featureFlagsRequestTimeoutMs: TIMEOUT_MS,
    featureFlagsRequestMaxRetries: 0,
    fetchRetryCount: 0,
  });
  onShutdown(() => created.shutdown(TIMEOUT_MS));
  return created;
}

/** Without POSTHOG_API_KEY, and on every error or timeout, a flag has its default value. */
export async function isFeatureEnabled(flag: string, userId: string, fallback = false): Promise<boolean> {
  const { posthogApiKey } = settings();
  if (posthogApiKey === undefined) return fallback;
  try {
    client ??= connect(posthogApiKey);
    const flags = await client.evaluateFlags(userId, { flagKeys: [flag] });
    return flags.isEnabled(flag, { defaultValue: fallback });
  } catch (error) {
    console.warn(
      `feature flag ${flag} has its default value:`,
      error instanceof Error ? error.message : error,
    );
    return fallback;
  }
}
