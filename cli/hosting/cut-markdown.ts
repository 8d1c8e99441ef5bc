/** Markdown cut to a length: at the end of a line, with all closed that is open there, and a note that it was cut. */

interface Fence {
  readonly char: string;
  readonly length: number;
  /** What stands before it: quotations, and indentation. */
  readonly prefix: string;
  /** Indentation of the entry of a list that it is in; 0: in none. */
  readonly entry: number;
}

/** What is open after a line. */
interface Open {
  readonly fence?: Fence;
  /** Elements of HTML, the outermost first. */
  readonly elements: readonly string[];
  /** Indentation of the text in the last entry of a list; 0: there is none. */
  readonly entry: number;
  /** A comment of HTML, which would swallow all that follows. */
  readonly comment: boolean;
}

const NOTHING: Open = { elements: [], entry: 0, comment: false };
/** Elements that would hide or deform the note, or what stands below the comment. */
const ELEMENTS = "details|summary|pre|table|blockquote";
/** What stands before a fence: quotations, lists, indentation. */
const PREFIX = /^(?:[ \t]|>|(?:[-*+]|\d{1,9}[.)])(?=\s))*/;

export interface Cut {
  readonly text: string;
  /** Lines left out. */
  readonly left: number;
}

/**
 * @param limit most characters of the result, the note among them
 * @param noteOf says how many lines are left out
 */
export function cutMarkdown(text: string, limit: number, noteOf: (left: number, all: number) => string): Cut {
  if (text.length <= limit) return { text, left: 0 };
  const lines = text.trimEnd().split("\n");
  const note = (count: number) => `\n\n${noteOf(lines.length - count, lines.length)}\n`;
  const room = limit - note(0).length;
  let open = NOTHING;
  let length = 0;
  let kept = { count: 0, length: 0, end: "" };
  for (const [index, line] of lines.entries()) {
    length += line.length + (index === 0 ? 0 : 1);
    if (length > room) break;
    open = after(open, line);
    const end = closing(open);
    if (length + end.length <= room) kept = { count: index + 1, length, end };
  }
  const { count, end } = kept;
  const start = count > 0 ? text.slice(0, kept.length) : beginning(text, room);
  return { text: `${start.trimEnd()}${end}${note(count)}`, left: lines.length - count };
}

/** Of a single line that is too long; no character is cut in two. */
function beginning(text: string, length: number): string {
  return text.slice(0, Math.max(0, length)).replace(/[\uD800-\uDBFF]$/, "");
}

function after(open: Open, line: string): Open {
  const { fence } = open;
  if (fence && !leaves(fence, line)) return ends(fence, line) ? { ...open, fence: undefined } : open;
  const entry = entryAfter(open.entry, line);
  const begun = open.comment || open.elements.includes("pre") ? undefined : fenceIn(line, entry);
  if (begun) return { ...open, entry, fence: begun };
  return withElements({ ...open, entry, fence: undefined }, line);
}

/** Marks of a list are no part of a fence's end: `- \`\`\`` is a line of a diff. */
function ends({ char, length, prefix }: Fence, line: string): boolean {
  const rest = line.replace(prefix.includes(">") ? /^[\s>]*/ : /^\s*/, "").trimEnd();
  return rest.length >= length && rest === char.repeat(rest.length) && indentOf(line) <= prefix.length + 3;
}

/** A quotation, or an entry of a list, ends with the first line that has no mark of it, and with it the code in it. */
function leaves({ prefix, entry }: Fence, line: string): boolean {
  if (prefix.includes(">")) return !/^\s*>/.test(line);
  return line.trim() !== "" && indentOf(line) < entry;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** An entry goes on with what is indented as far as its text, or empty. */
function entryAfter(entry: number, line: string): number {
  const [mark] = /^\s*(?:[-*+]|\d{1,9}[.)])\s+(?=\S)/.exec(line) ?? [];
  if (mark !== undefined) return mark.length;
  return line.trim() === "" || indentOf(line) >= entry ? entry : 0;
}

function fenceIn(line: string, entry: number): Fence | undefined {
  const [, marks] = /^(`{3,}(?=[^`]*$)|~{3,})/.exec(bare(line)) ?? [];
  if (marks === undefined) return undefined;
  // In a list, the end of the code is indented as far as its beginning; a mark there would begin another entry.
  const prefix = (PREFIX.exec(line)?.[0] ?? "").replaceAll(/[^>\s]/g, " ");
  return { char: marks.charAt(0), length: marks.length, prefix, entry: prefix.length < entry ? 0 : entry };
}

function bare(line: string): string {
  return line.replace(PREFIX, "");
}

function withElements(open: Open, line: string): Open {
  // Elements that are only spoken of, as code.
  const text = line.replaceAll(/(`+)(?!`).*?(?<!`)\1(?!`)/g, "");
  const elements = [...open.elements];
  let { comment } = open;
  for (const [found, ending, name] of text.matchAll(
    new RegExp(`<!--|-->|<(/?)(${ELEMENTS})\\b[^>]*>`, "gi"),
  )) {
    if (found === "<!--" || found === "-->") comment = found === "<!--";
    else if (comment || name === undefined) continue;
    else if (ending === "") elements.push(name.toLowerCase());
    else {
      const index = elements.lastIndexOf(name.toLowerCase());
      if (index >= 0) elements.splice(index);
    }
  }
  return { ...open, elements, comment };
}

function closing({ fence, elements, comment }: Open): string {
  const ends = [
    ...(fence ? [`${fence.prefix}${fence.char.repeat(fence.length)}`] : []),
    ...(comment ? ["-->"] : []),
    ...elements.toReversed().map((name) => `</${name}>`),
  ];
  return ends.map((end) => `\n${end}`).join("");
}
