import { settings } from "../../../lib/settings.ts";

export const dynamic = "force-dynamic";

/** Says that this process serves. It does not ask the API: a web container is not sick because another service is. */
export function GET(): Response {
  const { release, fault } = settings();
  const ready = fault !== "never-ready";
  return Response.json(
    { status: ready ? "ok" : "unhealthy", release },
    { status: ready ? 200 : 503, headers: { "cache-control": "no-store" } },
  );
}
