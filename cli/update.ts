/** An update as every command makes it: recovery first, then `up`. */
import type { Docker } from "./docker.ts";
import type { Engine, UpResult } from "./engine.ts";
import { failed } from "./errors.ts";
import type { Progress } from "./progress.ts";
import { type RecoverOptions, recover, restoreCheckpoint, retryLocked } from "./recover.ts";
import { interruptible } from "./signals.ts";

export interface Updated extends UpResult {
  /** What recovery did, in plain words; empty when nothing had been interrupted. */
  readonly recovered: readonly string[];
}

/**
 * Creates the stack if the backend has none.
 * @returns whether its state had been damaged and a backup was put back: `update` and `recover` have to know
 */
export async function openStack(engine: Engine, docker: Docker | undefined, secretsProvider?: string) {
  const restored = await restoreCheckpoint(engine, docker);
  const created = !(await engine.exists());
  if (created) {
    if (docker) await refuseOrphanedData(engine, docker);
    await engine.create(secretsProvider);
  }
  return { restored, created };
}

/** A new stack would make up a new password for a database that has one already, and never get in. */
async function refuseOrphanedData(engine: Engine, docker: Docker): Promise<void> {
  const { project, stack } = engine.owner;
  // Without Docker there is nothing to be in the way.
  const volumes = await docker.volumes(engine.owner).catch(() => []);
  if (volumes.length === 0) return;
  throw failed(
    `Docker has data of a stack ${project}/${stack} (${volumes.map((one) => one.name).join(", ")}), and ${engine.backend.url} ` +
      "has no such stack: its state, with the database's password, lies elsewhere or is gone. Nothing was changed. " +
      `Use the backend that has it, or remove the data: npx tristack destroy ${engine.stackName}`,
  );
}

/** Brings a stack to what its program and settings say. */
export async function update(
  engine: Engine,
  docker: Docker | undefined,
  progress: Progress,
  options: Pick<RecoverOptions, "restored" | "adopt"> & {
    configFile?: string;
    title?: string;
    /** URNs to make anew, besides those that recovery finds. */
    replace?: readonly string[];
    /** Ends the update as Ctrl-C does. */
    abandoned?: AbortSignal;
  },
): Promise<Updated> {
  return interruptible(progress.note, async (interrupted) => {
    const signal = options.abandoned ? AbortSignal.any([interrupted, options.abandoned]) : interrupted;
    const recovered = await progress.step("Looking for interrupted updates", (say) =>
      recover(engine, docker, { say, signal }, options),
    );
    recovered.told.forEach(progress.note);
    const { refresh } = recovered;
    const replace = [...recovered.replace, ...(options.replace ?? [])];
    const { configFile, title = "Updating" } = options;
    const result = await progress.step(title, (say) =>
      retryLocked(engine, () => engine.up({ say, signal }, { refresh, replace, configFile })),
    );
    return { ...result, recovered: recovered.told };
  });
}
