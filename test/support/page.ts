/** A page of Markdown as the tests read it: its headings, links and blocks of code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");

export interface Block {
  /** What stands behind the fence: `sh vps` is `["sh", "vps"]`. */
  readonly words: readonly string[];
  readonly text: string;
  /** The heading that it stands under. */
  readonly heading: string;
  /** Number of its first line. */
  readonly line: number;
}

export interface Link {
  readonly target: string;
  readonly line: number;
}

export interface Page {
  readonly file: string;
  readonly headings: readonly string[];
  readonly blocks: readonly Block[];
  readonly links: readonly Link[];
  /** Each line that is no code of a block, by its number. */
  readonly lines: ReadonlyMap<number, string>;
}

/** @param file below the checkout */
export function readPage(file: string): Page {
  return parsePage(file, readFileSync(join(ROOT, file), "utf8"));
}

export function parsePage(file: string, markdown: string): Page {
  const headings: string[] = [];
  const blocks: Block[] = [];
  const lines = new Map<number, string>();
  let open: { fence: string; words: string[]; text: string[]; line: number } | undefined;
  for (const [index, line] of markdown.split("\n").entries()) {
    const [, indent = "", fence, info = ""] = /^(\s*)(`{3,})(.*)$/.exec(line) ?? [];
    if (open && fence === open.fence && info === "") {
      blocks.push({ ...open, text: open.text.join("\n"), heading: headings.at(-1) ?? "" });
      open = undefined;
    } else if (open) open.text.push(line.slice(Math.min(indent.length, line.length)));
    else if (fence !== undefined)
      open = { fence, words: info.split(" ").filter(Boolean), text: [], line: index + 2 };
    else {
      const [, heading] = /^#{1,6} +(.*?) *$/.exec(line) ?? [];
      if (heading !== undefined) headings.push(heading);
      lines.set(index + 1, line);
    }
  }
  if (open) throw new Error(`${file}:${open.line}: the block of code has no end`);
  return { file, headings, blocks, links: linksIn(lines), lines };
}

/** `[text](target)`, not within code. */
function linksIn(lines: ReadonlyMap<number, string>): Link[] {
  return [...lines].flatMap(([line, text]) =>
    [...text.replace(/`[^`]*`/g, "").matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = ""]) => ({
      target,
      line,
    })),
  );
}

/** What GitHub makes of a heading; further ones of the same words get a number. */
export function anchorsOf({ headings }: Pick<Page, "headings">): string[] {
  const seen = new Map<string, number>();
  return headings.map((heading) => {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}
