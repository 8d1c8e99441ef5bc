/** Ports of an environment's proxy on a machine that carries several. */
import { createHash } from "node:crypto";
import type { Docker } from "../docker.ts";
import { failed } from "../errors.ts";
import { isFree } from "../ports.ts";
import { pullRequestIn } from "./names.ts";

/** Below what Linux gives to outgoing connections (32768), above what services are usually found at. */
const FIRST = 20_000;
const PAIRS = 2500;

/** HTTP and HTTPS. */
export type Pair = readonly [number, number];

/**
 * A pair that nothing on the machine has: the number of the pull request decides where the search begins, so that two
 * environments that come up at the same time look in different places.
 */
export async function choosePorts(docker: Docker, name: string): Promise<Pair> {
  const used = publishedPorts(await docker.run(["ps", "--format", "{{.Ports}}"]));
  for (const pair of candidates(name)) {
    if (pair.some((port) => used.has(port))) continue;
    // What else listens can be seen on this machine alone.
    if (docker.host !== undefined && !docker.host.startsWith("unix:")) return pair;
    if ((await Promise.all(pair.map(isFree))).every(Boolean)) return pair;
  }
  throw failed(`All ports from ${FIRST} to ${FIRST + 2 * PAIRS - 1} are taken on the machine of ${name}.`);
}

/** All pairs, in the order in which they are tried. */
export function* candidates(name: string): Iterable<Pair> {
  const number = pullRequestIn(name) ?? createHash("sha256").update(name).digest().readUInt32BE();
  for (let step = 0; step < PAIRS; step += 1) {
    const http = FIRST + 2 * ((number + step) % PAIRS);
    yield [http, http + 1];
  }
}

/** Host ports in the words of `docker ps`: `0.0.0.0:80->8080/tcp, :::443->8443/tcp`, and ranges. */
export function publishedPorts(text: string): Set<number> {
  const ranges = [...text.matchAll(/:(\d+)(?:-(\d+))?->/g)];
  return new Set(
    ranges.flatMap(([, from, to = from]) =>
      Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index),
    ),
  );
}
