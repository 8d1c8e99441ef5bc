/** An orderly stop of a node:http server. */
import type { Server, ServerResponse } from "node:http";

export interface Drain {
  /** To be called with each answer before it begins. */
  track(response: ServerResponse): void;
  /** Stops accepting and ends when the last answer is out, or after `timeoutMs`; true if nothing had to be cut off. */
  run(timeoutMs: number): Promise<boolean>;
}

/**
 * While it runs, no new connection is accepted, idle ones are closed, and every answer that has not begun says
 * `Connection: close`, so that clients and proxies do not send another request on a connection that is about to end.
 */
export function createDrain(server: Server): Drain {
  const open = new Set<ServerResponse>();
  let draining = false;
  return {
    track(response) {
      open.add(response);
      response.once("close", () => {
        open.delete(response);
        // An answer that had begun before the drain left its connection open: it is idle only after this event.
        if (draining) setImmediate(() => server.closeIdleConnections());
      });
      if (draining) response.setHeader("Connection", "close");
    },
    async run(timeoutMs) {
      draining = true;
      for (const response of open) {
        if (!response.headersSent) response.setHeader("Connection", "close");
      }
      const closed = new Promise<boolean>((resolve) => server.close(() => resolve(true)));
      const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, timeoutMs, false).unref());
      const clean = await Promise.race([closed, timeout]);
      if (!clean) server.closeAllConnections();
      return clean;
    },
  };
}
