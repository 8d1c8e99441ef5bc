/**
 * The same web server on AWS Lambda: `node server/lambda.ts`. Each event becomes a request to it, over this machine's own
 * loopback, so that what answers is what answers everywhere else.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { readSettings } from "../lib/settings.ts";
import { startFault } from "./faults.ts";
import { answerEvent } from "./lambda/http-event.ts";
import { createRuntime } from "./lambda/runtime.ts";
import { readSecrets } from "./lambda/secrets.ts";
import { createWebServer } from "./web-server.ts";

/** The port that it listens on. */
async function start(): Promise<number> {
  // Next's copy of lib/settings.ts reads the variables of the process.
  Object.assign(process.env, await readSecrets(process.env));
  const settings = readSettings();
  startFault(settings);
  const { server } = await createWebServer(settings);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const runtime = createRuntime();
let port = 0;
try {
  port = await start();
} catch (error) {
  await runtime.cannotStart(error);
  process.exit(1);
}
// One at a time: Lambda starts as many of these as there are requests.
for (;;) {
  const { id, event } = await runtime.next();
  try {
    await runtime.answer(id, await answerEvent(event, port));
  } catch (error) {
    await runtime.fail(id, error);
  }
}
