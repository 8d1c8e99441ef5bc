/**
 * The time that containers have to get healthy counts from the start of the last of them. The switch knows its own start
 * only, which comes seconds later: it is told.
 */
import type { ContainerStart } from "./container-starts.ts";

/** Most releases have been switched by then, and nobody need be told. */
const TOLD_AFTER_MS = 8000;

/**
 * What is to hear of each start. The last one counts for all: a service may get healthy only with another, which a long
 * migration has kept waiting.
 * @param tell is given the id of the switch's container, and when the last of the others was started: seconds since 1970
 * @param signal after it nobody is told
 */
export function tellingLastStart(
  tell: (switchId: string, lastStart: number) => Promise<unknown>,
  signal: AbortSignal,
  afterMs = TOLD_AFTER_MS,
): (start: ContainerStart) => void {
  let last: number | undefined;
  return ({ id, resource, at, again }) => {
    // One that crashed does not get its time once more.
    if (again) return;
    if (resource !== "switch") last = at;
    else if (last !== undefined) {
      const timer = setTimeout((lastStart) => void tell(id, lastStart).catch(() => undefined), afterMs, last);
      signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    }
  };
}
