/** Removing a stack: what its state knows, and what carries its labels. `destroy` and `environment down` share it. */
import type { Docker } from "./docker.ts";
import type { Engine } from "./engine.ts";
import { createProgress } from "./progress.ts";
import { recover, retryLocked } from "./recover.ts";
import type { Deployment } from "./recovery.ts";
import { interruptible } from "./signals.ts";
import { type Swept, sweepAll } from "./sweep.ts";

export interface Removed extends Swept {
  /** Resources that the state had. */
  readonly resources: number;
}

const NOTHING_SWEPT: Swept = { containers: [], networks: [], volumes: [], images: [], keptImages: [] };

/**
 * Removes everything of a stack, its data included, and the stack from its backend. Whether it may be removed is the
 * caller's to know (protection.ts).
 * @param docker undefined of a stack that has none
 * @param deployment the state; undefined where the backend has no such stack, of which Docker may still have something
 * @param restored `restoreCheckpoint` has put a backup of the state back
 */
export async function removeAll(
  engine: Engine,
  docker: Docker | undefined,
  deployment: Deployment | undefined,
  restored: boolean,
): Promise<Removed> {
  const progress = createProgress();
  return interruptible(progress.note, async (signal) => {
    let resources = 0;
    if (deployment !== undefined) {
      const recovered = await progress.step("Looking for interrupted updates", (say) =>
        recover(engine, docker, { say, signal }, { sweep: true, restored }),
      );
      recovered.told.forEach(progress.note);
      const result = await progress.step("Removing resources", (say) =>
        retryLocked(engine, () => engine.destroy({ say, signal })),
      );
      resources = result.changes.delete ?? 0;
    }
    const swept = docker
      ? await progress.step("Looking for what is left", (say) => sweepAll(docker, engine.owner, say))
      : NOTHING_SWEPT;
    if (deployment !== undefined) await engine.remove();
    return { resources, ...swept };
  });
}

/** What went besides the resources, as sentences; empty when nothing did. */
export function beyondTheState(removed: Removed): string[] {
  const beyond = [...removed.containers, ...removed.networks, ...removed.volumes, ...removed.images];
  return [
    ...(beyond.length > 0 ? [`Removed as well, by label: ${beyond.join(", ")}`] : []),
    ...(removed.keptImages.length > 0
      ? [`Kept, since containers of another stack run them: ${removed.keptImages.join(", ")}`]
      : []),
  ];
}
