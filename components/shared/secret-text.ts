/** Keeping secrets out of texts that people read. */

/** What must not be shown of what stands in files of secrets: each line, and the passwords in URLs. Short ones are no secrets. */
export function secretWords(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.length >= 4);
  return lines.flatMap((line) => [line, /:\/\/[^:/@]*:([^@]+)@/.exec(line)?.[1] ?? line]);
}

/** The text with `[secret]` in the place of each of the values. */
export function blotOut(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length > 0)
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
}
