/** Putting a backup in the place of the database that serves: restored beside it, and exchanged while nothing uses it. */
import type { BackupJob, Ready } from "./backup-job.ts";
import type { Say } from "./progress.ts";

export interface Prepared {
  readonly backup: string;
  /** The new database, beside the one that serves. */
  readonly database: string;
  readonly tables: number;
  readonly seconds: number;
}

export interface Exchanged {
  /** Name that the database which served has now. */
  readonly kept: string;
  /** Seconds in which the services that use it were stopped. */
  readonly pausedSeconds: number;
}

/** Both steps. */
export async function putInPlace(job: BackupJob, backup: string, say: Say): Promise<Prepared & Exchanged> {
  const prepared = await job.ask<Prepared>("prepare", backup);
  return { ...prepared, ...(await exchange(job, prepared, say)) };
}

/** Whatever fails, the old database serves on, and the new one goes. */
export async function exchange(job: BackupJob, { database }: Prepared, say: Say): Promise<Exchanged> {
  let swap: Ready<{ kept: string }> | undefined;
  try {
    const ready = (swap = await job.ready<{ kept: string }>("swap", database));
    const from = Date.now();
    const { kept } = await job.withoutServices(say, () => ready.go());
    return { kept, pausedSeconds: (Date.now() - from) / 1000 };
  } catch (error) {
    await swap?.callOff().catch(() => undefined);
    // Under that name there is none where it serves already, and what did not come back was a service.
    await job.ask("discard", database).catch(() => undefined);
    throw error;
  }
}
