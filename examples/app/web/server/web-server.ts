/** Next's own request handler in a server of ours: the same wherever requests come from. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import path from "node:path";
import type { Settings } from "../lib/settings.ts";
import { createDrain } from "./drain.ts";
import type { Drain } from "./drain.ts";
import { createDisturbance } from "./faults.ts";

/** Longer than nginx keeps an idle connection to a server (60 s), so that it is nginx that closes it. */
const KEEP_ALIVE_MS = 75_000;

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface WebServer {
  /** Does not listen yet. */
  readonly server: Server;
  readonly drain: Drain;
}

/** Next's request handler for what was built, as Next's generated server.js gets it. */
async function createNextHandler(options: { port: number; hostname: string }): Promise<Handler> {
  const dir = path.dirname(import.meta.dirname);
  const file = readFileSync(path.join(dir, ".next/required-server-files.json"), "utf8");
  const { config } = JSON.parse(file) as { config: object };
  // Next reads it while it is loaded, which is why it is loaded only then.
  process.env["__NEXT_PRIVATE_STANDALONE_CONFIG"] = JSON.stringify(config);
  process.chdir(dir);
  const { getRequestHandlers } = await import("next/dist/server/lib/start-server.js");
  const handlers = await getRequestHandlers({
    ...options,
    dir,
    isDev: false,
    onDevServerCleanup: undefined,
    quiet: true,
  });
  return handlers.requestHandler;
}

export async function createWebServer(settings: Settings): Promise<WebServer> {
  const { host, port, release } = settings;
  const handle = await createNextHandler({ port, hostname: host });
  const disturb = createDisturbance(settings);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    drain.track(response);
    response.setHeader("X-Release", release);
    const [pathname = "/"] = (request.url ?? "/").split("?");
    if (await disturb(pathname)) {
      response.writeHead(500, { "content-type": "text/plain" }).end("FAULT=errors: failed as asked\n");
      return;
    }
    await handle(request, response);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error(`${request.method} ${request.url}:`, error);
      if (!response.headersSent) response.statusCode = 500;
      response.end();
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const drain = createDrain(server);
  return { server, drain };
}
