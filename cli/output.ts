/** Results on stdout: text for people, JSON for programs. */
import { stripVTControlCharacters, styleText } from "node:util";

/**
 * Lets the process live on when nobody reads its output any more, as after a closed terminal or in `| head`: an update
 * that ends halfway helps nobody. Without this Node ends it with a stack trace, or Pulumi, which catches everything
 * while it runs a program, reports for ever that its report could not be written.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // Such as a full disk: what was asked for is not there.
      if (error.code !== "EPIPE") process.exitCode = 1;
    });
  }
}

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
