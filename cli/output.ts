/** Results on stdout: text for people, JSON for programs. */
import { stripVTControlCharacters, styleText } from "node:util";

/** Prints data for a program. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** Colours, only where stdout is a terminal and NO_COLOR is not set. */
export function paint(style: "green" | "red" | "yellow" | "dim" | "bold", text: string): string {
  return styleText(style, text, { stream: process.stdout, validateStream: true });
}

/** Rows in columns as wide as their widest cell; the last column is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, stripVTControlCharacters(cell).length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          i === row.length - 1
            ? cell
            : cell + " ".repeat((widths[i] ?? 0) - stripVTControlCharacters(cell).length),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
