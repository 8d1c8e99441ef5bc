/**
 * The web server of the image.
 *
 * Next's generated server.js is close, but on SIGTERM it waits without a limit, does not tell clients to close their
 * connections, and exits with 143; and it offers no place for a header on every answer, static files included. Like it,
 * this uses what `output: "standalone"` leaves in the image.
 */
import { readSettings, SettingsError } from "../lib/settings.ts";
import type { Settings } from "../lib/settings.ts";
import { runShutdownTasks } from "../lib/shutdown.ts";
import { startFault } from "./faults.ts";
import { createWebServer } from "./web-server.ts";

/** Kept of the drain time for what is done after the last answer. */
const LAST_MS = 2000;

function settingsOrExit(): Settings {
  try {
    return readSettings();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

async function main(): Promise<void> {
  const settings = settingsOrExit();
  startFault(settings);
  const { host, port, release, drainSeconds } = settings;
  const { server, drain } = await createWebServer(settings);

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
