/** A plan as a comment on a pull request: never longer than one may be, and what matters most comes first. */
import { resourceName } from "../events.ts";
import { KINDS, type PlannedChange, type ResourceChange } from "./difference.ts";
import { propertyText } from "./properties.ts";
import type { ComparedPlan } from "./stack-plan.ts";
import { costWords, countWords, lossWords, valueWords } from "./words.ts";

/** Longest text, in characters: a comment has 64,000 (of the 65,536 that GitHub takes), its marker among them (hosting/marker.ts). */
export const MARKDOWN_LENGTH = 63_800;
/** Properties that are shown of one resource. */
const PROPERTIES = 20;

/** What is said of one stack. */
export interface Section {
  readonly head: string;
  /** One for each resource, the weightiest first. */
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly text: string;
  /** The lower, the sooner it is shown. */
  readonly rank: number;
}

/**
 * @param title first line
 * @param remarks about all of it
 * @param command that shows what is left out
 * @param limit longest text, in characters
 */
export function planMarkdown(
  title: string,
  plans: readonly ComparedPlan[],
  remarks: readonly string[],
  command: string,
  limit = MARKDOWN_LENGTH,
): string {
  return sectionsMarkdown(title, plans.map(sectionOf), remarks, command, limit);
}

/** Sections under a title, as much of them as there is room for; the parameters are those of `planMarkdown`. */
export function sectionsMarkdown(
  title: string,
  all: readonly Section[],
  remarks: readonly string[],
  command: string,
  limit = MARKDOWN_LENGTH,
): string {
  const room = limit - [title, ...remarks, stacksLeftOut(all.length, command)].join("\n\n").length - 4;
  // Room for what is said of each stack in any case; the rest is for their resources.
  const sections = beginning(all, room, (section) => fixedLength(section, command));
  const left = sections.reduce((sum, section) => sum - fixedLength(section, command), room);
  const shown = fitting(sections, left);
  const parts = sections.map(({ head, entries }, index) => {
    const list = entries.slice(0, shown[index]).map(({ text }) => text);
    return filled(head, list.join("\n"), leftOut(entries.length - list.length, command));
  });
  return `${filled(title, ...parts, stacksLeftOut(all.length - sections.length, command), ...remarks)}\n`;
}

/** Paragraphs, those that say something. */
function filled(...paragraphs: readonly string[]): string {
  return paragraphs.filter((one) => one !== "").join("\n\n");
}

/** As many from the start as there is room for. */
function beginning<T>(list: readonly T[], room: number, lengthOf: (one: T) => number): T[] {
  let left = room;
  const end = list.findIndex((one) => (left -= lengthOf(one)) < 0);
  return end < 0 ? [...list] : list.slice(0, end);
}

/** Characters of a section without its resources. */
function fixedLength({ head, entries }: Section, command: string): number {
  return head.length + leftOut(entries.length, command).length + 8;
}

/** How many entries of each section there is room for: of all sections the weightiest first. */
function fitting(sections: readonly Section[], room: number): number[] {
  const shown = sections.map(() => 0);
  let left = room;
  const order = sections
    .flatMap(({ entries }, section) =>
      entries.map(({ text, rank }, index) => ({ text, rank, section, index })),
    )
    .sort((a, b) => a.rank - b.rank || a.section - b.section || a.index - b.index);
  for (const { text, section, index } of order) {
    // Cut between resources: after the first that has no room there is none of the same stack.
    if (shown[section] !== index || text.length + 1 > left) continue;
    left -= text.length + 1;
    shown[section] = index + 1;
  }
  return shown;
}

function leftOut(count: number, command: string): string {
  return count === 0
    ? ""
    : `${count} more are left out, since a comment has an end: ${code(command)} shows them.`;
}

function stacksLeftOut(count: number, command: string): string {
  return count === 0 ? "" : `Of stacks, ${leftOut(count, command)}`;
}

function sectionOf(plan: ComparedPlan): Section {
  const { stack, target, comparison, cost } = plan;
  const heading = `### ${code(stack)} (${target})`;
  if (!comparison) {
    const resources = plan.resources.filter(({ custom }) => custom);
    const entries = resources.map(({ urn }) => ({
      text: `- ${code(resourceName(urn))}`,
      rank: KINDS.length,
    }));
    return { head: `${heading}\n\n${resources.length} resources, ${costWords(cost)}`, entries };
  }
  if ("problem" in comparison)
    return { head: `${heading}\n\n**Not compared:** ${code(oneLine(comparison.problem))}`, entries: [] };
  const { difference, costBefore, notes } = comparison;
  const losses = lossWords(difference);
  const head = [
    heading,
    ...(losses.length > 0 ? [`> [!CAUTION]\n> Data is lost: ${losses.map(code).join(", ")}`] : []),
    `**${countWords(difference)}**; ${costWords(cost, costBefore)}`,
    ...notes,
  ];
  return { head: head.join("\n\n"), entries: difference.changes.map(entryOf) };
}

function entryOf({ kind, resource, properties, losesData }: ResourceChange): Entry {
  const rest = properties.length - PROPERTIES;
  const lines = [
    `- **${kind}** ${code(resourceName(resource.urn))}`,
    ...properties.slice(0, PROPERTIES).map(propertyLine),
    ...(rest > 0 ? [`  - and ${rest} more properties`] : []),
  ];
  return { text: lines.join("\n"), rank: losesData ? -1 : KINDS.indexOf(kind) };
}

function propertyLine({ path, before, after, replaces }: PlannedChange): string {
  const { before: old, after: current } = valueWords(before, after);
  const end = replaces ? ", which replaces it" : "";
  if (old === undefined) return `  - ${code(propertyText(path))}: ${code(current ?? "")} added${end}`;
  if (current === undefined) return `  - ${code(propertyText(path))}: ${code(old)} removed${end}`;
  return `  - ${code(propertyText(path))}: ${code(old)} → ${code(current)}${end}`;
}

/** Text as code, in which Markdown, mentions and links mean nothing. */
export function code(text: string): string {
  const plain = oneLine(text);
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${plain}${fence}` : `${fence} ${plain} ${fence}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
