/** What the engine reports while it works, as lines for people and figures for programs. */
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { holdsData } from "./holds-data.ts";

const VERBS: Readonly<Record<string, readonly [doing: string, done: string]>> = {
  create: ["+ creating", "+ created"],
  "create-replacement": ["+ creating", "+ created"],
  update: ["~ updating", "~ updated"],
  replace: ["± replacing", "± replaced"],
  delete: ["- deleting", "- deleted"],
  "delete-replaced": ["- deleting", "- deleted"],
  refresh: ["? reading", "? read"],
  import: ["= importing", "= imported"],
};

/** Changes of an update by kind, such as `{ create: 3, same: 14 }`. */
export type Changes = Readonly<Record<string, number>>;

/** Gathers events; `line` gets each one worth showing. */
export class EventLog {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  /** What holds data and goes: a volume, a password. */
  readonly dataLost: string[] = [];
  changes: Changes = {};
  readonly #line: (text: string) => void;

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  readonly add = (event: EngineEvent): void => {
    const step = event.resourcePreEvent ?? event.resOutputsEvent;
    if (step && isReal(step.metadata)) {
      const [doing, done] = VERBS[step.metadata.op] ?? [];
      const text = event.resourcePreEvent ? doing : done;
      if (text) this.#line(`${text} ${resourceName(step.metadata.urn)}`);
      if (event.resourcePreEvent && losesData(step.metadata))
        this.dataLost.push(resourceName(step.metadata.urn));
    }
    if (event.resOpFailedEvent) this.#line(`! failed ${resourceName(event.resOpFailedEvent.metadata.urn)}`);
    if (event.summaryEvent) this.changes = { ...event.summaryEvent.resourceChanges };
    if (event.diagnosticEvent) this.#diagnostic(event.diagnosticEvent);
  };

  #diagnostic(event: NonNullable<EngineEvent["diagnosticEvent"]>): void {
    // Everything below a warning stays out: the engine sends debug messages with secrets in plain text.
    const lists: Readonly<Record<string, string[]>> = { error: this.errors, warning: this.warnings };
    const list = lists[event.severity];
    const text = withoutColours(event.message).trim();
    if (list && text !== "" && !event.ephemeral && !list.includes(text)) list.push(text);
  }

  /** Resources that were created, changed or removed. */
  get changed(): number {
    return Object.entries(this.changes)
      .filter(([kind]) => kind !== "same" && kind !== "read" && kind !== "refresh")
      .reduce((sum, [, count]) => sum + count, 0);
  }
}

/** Components only group others; providers, too, exist in the state alone. */
export function isReal({ type, new: after, old: before }: StepEventMetadata): boolean {
  return !type.startsWith("pulumi:") && (after ?? before)?.custom === true;
}

function losesData({ type, op, urn }: StepEventMetadata): boolean {
  return /^(delete|replace)/.test(op) && holdsData(type, urn.split("::").at(-1) ?? "");
}

/** `docker Container web-0` of a URN. */
export function resourceName(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  const [pkg = "", , type = ""] = (types.split("$").pop() ?? "").split(":");
  return [pkg, type, name].filter((part) => part !== "").join(" ");
}

/** "3 created, 1 deleted, 14 unchanged"; "0 changes" alone when nothing was. */
export function summarize(changes: Changes): string {
  const words: Record<string, string> = {
    create: "created",
    update: "updated",
    delete: "deleted",
    replace: "replaced",
  };
  const parts = Object.entries(changes)
    .filter(([kind, count]) => count > 0 && words[kind] !== undefined)
    .map(([kind, count]) => `${count} ${words[kind] ?? kind}`);
  const same = changes.same ?? 0;
  return parts.length === 0 ? `0 changes (${same} unchanged)` : `${parts.join(", ")}, ${same} unchanged`;
}

function withoutColours(text: string): string {
  return text.replace(/<\{%[^%]*%\}>/g, "");
}
