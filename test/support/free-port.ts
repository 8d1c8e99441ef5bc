/** Ports for servers of tests and benches. */
import { randomInt } from "node:crypto";
import { isFree } from "../../cli/ports.ts";

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
