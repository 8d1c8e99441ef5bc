/** Words of a plan, for people: values cut short, changes counted, costs compared. */
import { fingerprint } from "../../components/shared/names.ts";
import { resourceName, summarize } from "../events.ts";
import type { Difference, ResourceChange } from "./difference.ts";
import { Secret } from "./secret.ts";
import type { Cost } from "./stack-plan.ts";

/** Longest value that is shown whole, in characters. */
const LENGTH = 60;
/** What is shown before the place where two long values begin to differ. */
const LEAD = 20;

/** Both values of a change; of long ones the part that differs. Undefined: there is none. */
export function valueWords(before: unknown, after: unknown): { before?: string; after?: string } {
  const [old, current] = [textOf(before), textOf(after)];
  if (old === undefined || current === undefined)
    return { before: old && cut(old, 0), after: current && cut(current, 0) };
  const same = Array.from(old, (_, index) => index).findIndex((index) => old[index] !== current[index]);
  const from = cut(old, 0) === cut(current, 0) ? Math.max(0, (same < 0 ? old.length : same) - LEAD) : 0;
  return { before: cut(old, from), after: cut(current, from) };
}

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Secret) return value.toString();
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (typeof value === "string" && text.includes("\n")) {
    const variable = /^\w+=/.exec(text)?.[0] ?? "";
    return `${variable}text of ${text.split("\n").length} lines (${fingerprint(text)})`;
  }
  if (text === "") return '""';
  return text.replaceAll(/\b((?:sha256:)?[0-9a-f]{12})[0-9a-f]{20,}\b/g, "$1…");
}

function cut(text: string, from: number): string {
  const part = text.slice(from, from + LENGTH);
  return `${from > 0 ? "…" : ""}${part}${from + LENGTH < text.length ? "…" : ""}`;
}

/** "1 replaced, 2 created, 38 unchanged". */
export function countWords({ changes, unchanged }: Difference): string {
  const count = (wanted: ResourceChange["kind"]) => changes.filter(({ kind }) => kind === wanted).length;
  return summarize({
    replace: count("replaced"),
    delete: count("deleted"),
    update: count("updated"),
    create: count("created"),
    same: unchanged,
  });
}

/** "191.20 -> 214.30 USD a month (+23.10)". */
export function costWords(after: Cost, before?: Cost | null): string {
  const [now, then] = [after.monthlyUsd, before?.monthlyUsd ?? null];
  if (now === null && then === null) return "nothing of it has a price of its own";
  if (before === undefined || now === then) return `${usd(now)} USD a month`;
  const more = (now ?? 0) - (then ?? 0);
  return `${usd(then)} -> ${usd(now)} USD a month (${more < 0 ? "-" : "+"}${usd(Math.abs(more))})`;
}

function usd(value: number | null): string {
  return (value ?? 0).toFixed(2);
}

/** Losses that are named; the list of changes begins with all of them. */
const LOSSES = 20;

/** "aws Instance database (replaced)". */
export function lossWords({ changes }: Difference): string[] {
  const lost = changes.filter((one) => one.losesData);
  const named = lost.slice(0, LOSSES).map((one) => `${resourceName(one.resource.urn)} (${one.kind})`);
  return lost.length > LOSSES ? [...named, `${lost.length - LOSSES} more`] : named;
}
