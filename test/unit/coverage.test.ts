/** docs/coverage.md speaks of files and tests that are there. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readPage } from "../support/page.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const PATH = /`([\w.-]+(?:\/[\w.-]+)*\.(?:ts|py|sh|yml|yaml|md))`/g;

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

const rows: Row[] = [...readPage("docs/coverage.md").lines].flatMap(([line, text]) => {
  const cells = text
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
  return cells.length === 4 && !/^(-+|in the document)$/.test(cells[0] ?? "") ? [{ line, cells }] : [];
});

/** Each test file of a cell with the titles behind it. */
function testsIn(cell: string): { file: string; titles: string[] }[] {
  const [, ...parts] = cell.split(/`([^`\s]+\.(?:test\.ts|py))`:/);
  return parts.flatMap((file, index) =>
    index % 2 === 0
      ? [
          {
            file,
            titles: [...(parts[index + 1] ?? "").matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title),
          },
        ]
      : [],
  );
}

/** Whether a file has a test of this title; one that is put together begins or ends like that. */
function has(file: string, title: string): boolean {
  const text = readFileSync(join(ROOT, file), "utf8");
  if (file.endsWith(".py")) return text.includes(`def ${title}(`);
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?:it|itFully|describe)\\(\\s*["'\`](?:\\$\\{[^}]*\\}[^"]*)?${escaped}["'\`$]`).test(
    text,
  );
}

describe("docs/coverage.md", () => {
  it("has a row for more than fifty systems, each with a place, a test and a word on deviations", () => {
    assert.ok(rows.length > 50, String(rows.length));
    for (const { line, cells } of rows) {
      const [system, here, shown = "", deviation] = cells;
      assert.ok(system && here && deviation, `line ${line}`);
      assert.ok(
        testsIn(shown).length > 0 && testsIn(shown).every(({ titles }) => titles.length > 0),
        `line ${line}`,
      );
    }
  });

  it("names files that are there", () => {
    const missing = rows.flatMap(({ line, cells }) =>
      cells
        .flatMap((cell) => [...cell.matchAll(PATH)].map(([, path = ""]) => path))
        .filter((path) => !existsSync(join(ROOT, path)))
        .map((path) => `line ${line}: ${path}`),
    );
    assert.deepEqual(missing, []);
  });

  it("names tests that are there", () => {
    const missing = rows.flatMap(({ line, cells: [, , shown = ""] }) =>
      testsIn(shown).flatMap(({ file, titles }) =>
        titles.filter((title) => !has(file, title)).map((title) => `line ${line}: ${file}: "${title}"`),
      ),
    );
    assert.deepEqual(missing, []);
  });

  it("says what the source document gets wrong", () => {
    const text = readFileSync(join(ROOT, "docs", "coverage.md"), "utf8");
    for (const words of [
      "production job never runs",
      "scanned tag never exists",
      "`docker compose rollback` does not exist",
      "certificates never reach nginx",
      "error ratio is not summed",
    ])
      assert.ok(text.includes(words), words);
  });
});
