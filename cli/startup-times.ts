/**
 * The time that a container has to get healthy counts from its own start. The switch knows its own only, which comes seconds
 * later: it is told.
 */
import type { ContainerStart } from "./container-starts.ts";

/** Most releases have been switched by then, and nobody need be told. */
const TOLD_AFTER_MS = 8000;

/**
 * What is to hear of each start.
 * @param tell is given the id of the switch's container, and when the others were started: seconds since 1970, by name
 * @param signal after it nobody is told
 */
export function startupTimes(
  tell: (switchId: string, starts: ReadonlyMap<string, number>) => Promise<unknown>,
  signal: AbortSignal,
  afterMs = TOLD_AFTER_MS,
): (start: ContainerStart) => void {
  const starts = new Map<string, number>();
  return ({ id, name, resource, at, again }) => {
    // One that crashed does not get its time once more.
    if (again) return;
    if (resource !== "switch") starts.set(name, at);
    else {
      const timer = setTimeout(() => void tell(id, starts).catch(() => undefined), afterMs);
      signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    }
  };
}
