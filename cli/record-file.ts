/** A record as it is kept: a file, an object or a key of the name `<record>.json`. */

/** Its name and what is in it; nothing where that is no JSON. */
export function parsedRecord(file: string, text: string): [string, unknown][] {
  try {
    return [[file.replace(/\.json$/, ""), JSON.parse(text) as unknown]];
  } catch {
    return [];
  }
}
