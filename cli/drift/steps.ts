/** What the engine's events of `preview --refresh` say of each resource: how it is, and what an update would do. */
import type {
  EngineEvent,
  StepEventMetadata,
  StepEventStateMetadata,
} from "@pulumi/pulumi/automation/index.js";
import { isReal } from "../events.ts";
import { type PropertyChange, propertyChanges, propertyText } from "../plan/properties.ts";
import type { PropertyDrift } from "./finding.ts";
import { maskedAt, pathParts } from "./values.ts";

/** What an update would do to a resource. */
export type Plan = "created" | "updated" | "replaced" | "deleted";

export interface SeenResource {
  readonly urn: string;
  readonly type: string;
  /** The state has it, and it is not there. */
  readonly missing: boolean;
  /** State to real world. */
  readonly drift: readonly PropertyDrift[];
  /** Undefined: nothing. */
  readonly plan?: Plan;
  /** Real world to program. */
  readonly planned: readonly PropertyDrift[];
}

const PLANS: Readonly<Record<string, Plan>> = {
  create: "created",
  import: "created",
  update: "updated",
  replace: "replaced",
  "create-replacement": "replaced",
  "delete-replaced": "replaced",
  "import-replacement": "replaced",
  delete: "deleted",
};

/** Gathers events, in any order. */
export class StepLog {
  readonly #seen = new Map<string, SeenResource>();

  readonly add = (event: EngineEvent): void => {
    const { resOutputsEvent: done, resourcePreEvent: begun } = event;
    if (done?.metadata.op === "refresh" && isReal(done.metadata)) this.#refreshed(done.metadata);
    if (begun && begun.metadata.op !== "refresh" && isReal(begun.metadata)) this.#planned(begun.metadata);
  };

  /** Those of which there is something to say. */
  get resources(): SeenResource[] {
    return [...this.#seen.values()];
  }

  #refreshed(step: StepEventMetadata): void {
    if (!step.new) return this.#note(step, { missing: true });
    const drift = differences(step, step.old, step.new);
    if (drift.length > 0) this.#note(step, { drift });
  }

  #planned(step: StepEventMetadata): void {
    const plan = PLANS[step.op];
    if (!plan) return;
    const known = this.#seen.get(step.urn);
    // Of the two or three steps of a replacement, one has both sides.
    const planned = step.old && step.new ? differences(step, step.old, step.new) : [];
    this.#note(step, {
      plan: known?.plan === "replaced" ? "replaced" : plan,
      planned: planned.length > 0 ? planned : (known?.planned ?? []),
    });
  }

  #note({ urn, type }: StepEventMetadata, more: Partial<SeenResource>): void {
    const known = this.#seen.get(urn) ?? { urn, type, missing: false, drift: [], planned: [] };
    this.#seen.set(urn, { ...known, ...more });
  }
}

/** One for each place, as deep as the two sides are alike there. */
function differences(
  step: StepEventMetadata,
  before: StepEventStateMetadata | undefined,
  after: StepEventStateMetadata | undefined,
): PropertyDrift[] {
  const paths = [...new Set([...Object.keys(step.detailedDiff ?? {}), ...(step.diffs ?? [])])];
  // The engine names `spec` beside `spec.replicas`.
  const deepest = paths.filter((path) => !paths.some((other) => other !== path && isWithin(other, path)));
  return deepest.sort().flatMap((path) => {
    const parts = pathParts(path);
    const [old, current] = [valueOf(step.type, before, parts), valueOf(step.type, after, parts)];
    const inside = propertyChanges(old, current);
    if (inside.length === 0) return [{ path, before: old, after: current }];
    return inside.map((change) => ({
      path: below(path, change),
      before: change.before,
      after: change.after,
    }));
  });
}

function isWithin(inner: string, outer: string): boolean {
  return inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}

/** Inputs are what an update asks for; what only the provider knows is in its outputs. */
function valueOf(
  type: string,
  state: StepEventStateMetadata | undefined,
  path: readonly (string | number)[],
): unknown {
  return maskedAt(type, state?.inputs, path) ?? maskedAt(type, state?.outputs, path);
}

function below(path: string, { path: rest }: PropertyChange): string {
  const inner = propertyText(rest);
  if (inner === "") return path;
  return inner.startsWith("[") ? `${path}${inner}` : `${path}.${inner}`;
}
