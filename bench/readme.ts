/** Puts the last figures of a bench into README.md, between two marks. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { type Report, asMarkdown } from "./report.ts";

const README = join(import.meta.dirname, "README.md");

export async function updateReadme(report: Report): Promise<void> {
  const text = replaceBetween(readFileSync(README, "utf8"), report.bench, asMarkdown(report));
  const style = await resolveConfig(README);
  writeFileSync(README, await format(text, { ...style, filepath: README }));
}

function replaceBetween(text: string, bench: string, block: string): string {
  const [begin, end] = [`<!-- ${bench}: begin -->`, `<!-- ${bench}: end -->`];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`bench/README.md lacks ${begin} … ${end}`);
  return `${before}${begin}\n\n${block}\n\n${end}${after}`;
}
