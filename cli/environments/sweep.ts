/** Destroying what has expired or whose pull request is closed; one that fails does not stop the others. */
import type { Backend } from "../backend.ts";
import { messageOf } from "../errors.ts";
import type { Project } from "../project.ts";
import { type Chosen, type SweepOrder, reasonFor } from "./choice.ts";
import { NoEnvironment, takeDown } from "./down.ts";

export interface Destroyed {
  readonly name: string;
  readonly reason: string;
  /** Resources that its state had. */
  readonly resources: number;
}

export interface NotDestroyed {
  readonly name: string;
  readonly reason: string;
  readonly error: string;
}

export interface SweepResult {
  readonly destroyed: readonly Destroyed[];
  readonly failed: readonly NotDestroyed[];
}

export async function destroyChosen(
  project: Project,
  backend: Backend,
  chosen: readonly Chosen[],
  order: SweepOrder,
  note: (line: string) => void,
): Promise<SweepResult> {
  const destroyed: Destroyed[] = [];
  const failed: NotDestroyed[] = [];
  for (const { environment, reason } of chosen) {
    const { name, stack } = environment;
    note(`${name}: ${reason}`);
    try {
      // A push may have brought it up again since the list was read.
      const removed = await takeDown(project, backend, stack, (now) =>
        reasonFor(now, order) === undefined ? `${name} was brought up again meanwhile; it stays` : undefined,
      );
      destroyed.push({ name, reason, resources: removed.resources });
    } catch (error) {
      // Somebody else's sweep was faster.
      if (error instanceof NoEnvironment) continue;
      note(`${name}: ${messageOf(error)}`);
      failed.push({ name, reason, error: messageOf(error) });
    }
  }
  return { destroyed, failed };
}
