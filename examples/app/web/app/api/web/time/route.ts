export const dynamic = "force-dynamic";

export function GET(): Response {
  return Response.json({ time: new Date().toISOString() }, { headers: { "cache-control": "no-store" } });
}
