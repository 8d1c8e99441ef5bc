/**
 * Faults that can be switched on by the environment, to try how a deployment behaves with a bad release.
 *
 * crash: exits with 1 at the start. never-ready: /api/health answers 503 for ever (in its route). errors:
 * FAULT_ERROR_PERCENT of the answers are 500. slow: every answer waits FAULT_SLOW_MS first. leak:
 * FAULT_LEAK_MB_PER_MINUTE are taken and never given back. `errors` and `slow` spare /api/health: a release with these
 * faults is healthy but bad.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../lib/settings.ts";

export const HEALTH_PATH = "/api/health";

const BYTES_PER_MB = 1024 * 1024;

function leak(mbPerMinute: number): void {
  const kept: Buffer[] = [];
  // Filled, since untouched pages would cost nothing.
  setInterval(() => kept.push(Buffer.alloc((mbPerMinute * BYTES_PER_MB) / 60, 1)), 1000);
}

/** At the start of the process. */
export function startFault({ fault, faultLeakMbPerMinute }: Settings): void {
  if (fault === "none") return;
  if (fault === "crash") {
    console.error("FAULT=crash: exiting with 1 at the start, as asked");
    process.exit(1);
  }
  console.error(`FAULT=${fault} is switched on`);
  if (fault === "leak") leak(faultLeakMbPerMinute);
}

/** Called before each request is handled; true when it is to fail. */
export function createDisturbance(settings: Settings): (path: string) => Promise<boolean> {
  const { fault, faultErrorPercent, faultSlowMs } = settings;
  let requests = 0;
  // Spread evenly instead of drawn: of any 100 requests in a row, exactly the percentage fails.
  const failuresUntil = (count: number) => Math.floor((count * faultErrorPercent) / 100);
  return async (path) => {
    if (path === HEALTH_PATH) return false;
    if (fault === "slow") await sleep(faultSlowMs);
    if (fault !== "errors") return false;
    requests += 1;
    return failuresUntil(requests) > failuresUntil(requests - 1);
  };
}
