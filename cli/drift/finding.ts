/** What differs between a stack's state, its program and the real world. */

/**
 * - `missing`: the state has it, and it is not there.
 * - `changed`: it is not as the last update left it.
 * - `stopped`: it is there and does not run.
 * - `unrecorded`: it carries the stack's labels, and the state does not know it.
 * - `interrupted`: an update has not ended, and nobody is at it.
 * - `pending`: it is as the last update left it, and the next one would change it all the same.
 */
export type FindingKind = "missing" | "changed" | "stopped" | "unrecorded" | "interrupted" | "pending";

/** The weightiest first. */
export const FINDING_KINDS: readonly FindingKind[] = [
  "interrupted",
  "missing",
  "stopped",
  "changed",
  "unrecorded",
  "pending",
];

export interface PropertyDrift {
  /** As Pulumi writes it: `spec.template.spec.containers[0].image`. */
  readonly path: string;
  /** As the state has it; of a pending one, as it is. Undefined: not there. */
  readonly before?: unknown;
  /** As it is; of a pending one, as the next update would make it. Undefined: not there. */
  readonly after?: unknown;
}

export interface Finding {
  readonly kind: FindingKind;
  /** Such as `docker Container web-0`. */
  readonly resource: string;
  /** Undefined of what the state does not know. */
  readonly urn?: string;
  /** In a sentence, where the kind does not say all of it. */
  readonly says?: string;
  readonly properties: readonly PropertyDrift[];
  /** The command that mends it. */
  readonly mend: string;
}

/** A difference that was left out, and why. */
export interface KnownNoise {
  readonly resource: string;
  /** Undefined: all of it. */
  readonly path?: string;
  /** Name in noise.ts. */
  readonly noise: string;
}

/** What was seen of one stack. */
export interface StackDrift {
  readonly stack: string;
  readonly target: string;
  readonly findings: readonly Finding[];
  readonly noise: readonly KnownNoise[];
  /** What the engine warns of. */
  readonly warnings: readonly string[];
  /** Who changes the stack at the moment: there is nothing to find until they have ended. */
  readonly held?: string;
  /** Why it could not be looked at. */
  readonly error?: string;
}
