import { settings } from "../../../../lib/settings.ts";

export const dynamic = "force-dynamic";

/** The public part of the settings. */
export function GET(): Response {
  const { release, environment, apiUrl } = settings();
  return Response.json({ release, environment, apiUrl }, { headers: { "cache-control": "no-store" } });
}
