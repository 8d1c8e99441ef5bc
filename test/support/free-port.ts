/** Ports for servers of tests and benches. */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below Linux's ephemeral ports (32768 and up, `ip_local_port_range`): a connection going out may take one of those
 * between our look and the server's start, which failed a start of CI's with "address already in use".
 */
const [FIRST, END] = [10_000, 30_000];

/** A port that nothing listens on at the moment, on any address. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, "listening");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  } finally {
    server.close();
  }
}
