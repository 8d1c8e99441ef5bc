/** Findings as text, JSON and Markdown. Secrets are masked in what goes in already. */
import { paint } from "../output.ts";
import { type Entry, type Section, code, sectionsMarkdown } from "../plan/plan-markdown.ts";
import { valueWords } from "../plan/words.ts";
import {
  FINDING_KINDS,
  type Finding,
  type FindingKind,
  type PropertyDrift,
  type StackDrift,
} from "./finding.ts";

/** Properties that are shown of one finding; JSON has all of them. */
const PROPERTIES = 20;

const STYLES: Readonly<Record<FindingKind, "red" | "yellow">> = {
  interrupted: "red",
  missing: "red",
  stopped: "red",
  changed: "yellow",
  unrecorded: "yellow",
  pending: "yellow",
};

/** "2 findings: 1 missing, 1 changed", or why there are none. */
export function countWords({ findings, held, error }: StackDrift): string {
  if (error !== undefined) return "could not be looked at";
  if (held !== undefined) return "not looked at: somebody changes it at the moment";
  if (findings.length === 0) return "no drift";
  const kinds = FINDING_KINDS.flatMap((kind) => {
    const count = findings.filter((one) => one.kind === kind).length;
    return count > 0 ? [`${count} ${kind}`] : [];
  });
  return `${findings.length} finding${findings.length === 1 ? "" : "s"}: ${kinds.join(", ")}`;
}

export function driftText(drift: StackDrift): string {
  const { stack, target, held, error, findings, noise, warnings } = drift;
  return [
    `${paint("bold", stack)} (${target}): ${countWords(drift)}`,
    ...(held === undefined ? [] : [`  held by ${held}`]),
    ...(error === undefined ? [] : error.split("\n").map((line) => `  ${paint("red", line)}`)),
    ...findings.flatMap(findingLines),
    ...noiseLines(noise).map((line) => paint("dim", `  ${line}`)),
    ...warnings.map((warning) => paint("dim", `  warning: ${warning}`)),
  ].join("\n");
}

function findingLines({ kind, resource, says, properties, mend }: Finding): string[] {
  return [
    paint(STYLES[kind], `  ${kind} ${resource}${says === undefined ? "" : `: ${says}`}`),
    ...properties.slice(0, PROPERTIES).map((one) => `      ${propertyWords(one)}`),
    ...(properties.length > PROPERTIES ? [`      and ${properties.length - PROPERTIES} more`] : []),
    `      -> ${mend}`,
  ];
}

function propertyWords({ path, before, after }: PropertyDrift): string {
  const words = valueWords(before, after);
  return `${path}: ${words.before ?? "none"} -> ${words.after ?? "none"}`;
}

/** Noise is told once a name, and not once a place. */
function noiseLines(noise: StackDrift["noise"]): string[] {
  const names = [...new Set(noise.map((one) => one.noise))].sort();
  return names.map((name) => {
    const count = noise.filter((one) => one.noise === name).length;
    return `left out as known: ${name} (${count}; docs/drift.md)`;
  });
}

/** Undefined values are left out, and secrets are their mask. */
export function driftJson(all: readonly StackDrift[]) {
  return { stacks: all.map((one) => ({ drifted: one.findings.length > 0, ...one })) };
}

/**
 * One issue's text.
 * @param command that shows what is left out
 * @param limit longest text, in characters. @default that of a comment at GitHub, and some room
 */
export function driftMarkdown(all: readonly StackDrift[], command: string, limit?: number): string {
  const remarks = ["Nothing was changed by looking. What each kind of finding means: docs/drift.md."];
  return sectionsMarkdown("## Drift", all.map(sectionOf), remarks, command, limit);
}

/** Characters of a message of the engine's that an issue shows. */
const MESSAGE_LENGTH = 2_000;

function sectionOf(drift: StackDrift): Section {
  const { stack, target, held, error, findings, noise } = drift;
  const head = [
    `### ${code(stack)} (${target})`,
    `**${countWords(drift)}**`,
    ...(held === undefined ? [] : [`Held by ${code(held.slice(0, MESSAGE_LENGTH))}`]),
    ...(error === undefined ? [] : [`Why: ${code(error.slice(0, MESSAGE_LENGTH))}`]),
    ...noiseLines(noise),
  ];
  return { head: head.join("\n\n"), entries: findings.map(entryOf) };
}

function entryOf({ kind, resource, says, properties, mend }: Finding): Entry {
  const rest = properties.length - PROPERTIES;
  const lines = [
    `- **${kind}** ${code(resource)}${says === undefined ? "" : `: ${code(says)}`}`,
    ...properties.slice(0, PROPERTIES).map(propertyLine),
    ...(rest > 0 ? [`  - and ${rest} more properties`] : []),
    `  - mended by ${code(mend)}`,
  ];
  return { text: lines.join("\n"), rank: FINDING_KINDS.indexOf(kind) };
}

function propertyLine({ path, before, after }: PropertyDrift): string {
  const words = valueWords(before, after);
  if (words.before === undefined && words.after === undefined) return `  - ${code(path)}`;
  const side = (text: string | undefined) => (text === undefined ? "none" : code(text));
  return `  - ${code(path)}: ${side(words.before)} → ${side(words.after)}`;
}
