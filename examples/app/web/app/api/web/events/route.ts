import { settings } from "../../../../lib/settings.ts";

export const dynamic = "force-dynamic";

const TICK_MS = 1000;

/** Server-sent events: one tick a second, until the client leaves or this process ends. */
export function GET(request: Request): Response {
  const encoder = new TextEncoder();
  let timer: NodeJS.Timeout | undefined;
  const stop = () => clearInterval(timer);
  request.signal.addEventListener("abort", stop);
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      let id = 0;
      const tick = () => {
        const data = JSON.stringify({ time: new Date().toISOString(), release: settings().release });
        controller.enqueue(encoder.encode(`id: ${id++}\nevent: tick\ndata: ${data}\n\n`));
      };
      tick();
      timer = setInterval(tick, TICK_MS);
    },
    cancel: stop,
  });
  return new Response(stream, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      // Tells nginx to pass each event on at once.
      "x-accel-buffering": "no",
    },
  });
}
