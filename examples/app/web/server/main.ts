/**
 * The web server of the image: Next's own request handler in a server of ours.
 *
 * Next's generated server.js is close, but on SIGTERM it waits without a limit, does not tell clients to close their
 * connections, and exits with 143; and it offers no place for a header on every answer, static files included. Like it,
 * this uses what `output: "standalone"` leaves in the image.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { readSettings, SettingsError } from "../lib/settings.ts";
import type { Settings } from "../lib/settings.ts";
import { runShutdownTasks } from "../lib/shutdown.ts";
import { createDrain } from "./drain.ts";
import { createDisturbance, startFault } from "./faults.ts";

/** Longer than nginx keeps an idle connection to a server (60 s), so that it is nginx that closes it. */
const KEEP_ALIVE_MS = 75_000;
/** Kept of the drain time for what is done after the last answer. */
const LAST_MS = 2000;

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function settingsOrExit(): Settings {
  try {
    return readSettings();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
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

async function main(): Promise<void> {
  const settings = settingsOrExit();
  startFault(settings);
  const { host, port, release, drainSeconds } = settings;
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

  async function stop(signal: NodeJS.Signals): Promise<void> {
    console.log(`${signal}: answering what is under way, for at most ${drainSeconds} s`);
    const clean = await drain.run(Math.max(0, drainSeconds * 1000 - LAST_MS));
    if (!clean) console.error(`connections still open after ${drainSeconds} s were cut off`);
    await runShutdownTasks(LAST_MS);
    process.exit(0);
  }
  process.once("SIGTERM", (signal) => void stop(signal));
  process.once("SIGINT", (signal) => void stop(signal));

  server.once("error", (error) => {
    console.error(`Cannot listen on ${host}:${port}: ${error.message}`);
    process.exit(1);
  });
  server.listen(port, host, () => console.log(`release ${release} serves on ${host}:${port}`));
}

await main();
