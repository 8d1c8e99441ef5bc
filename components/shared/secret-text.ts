/** Keeping secrets out of texts that people read. */

/** The text with `[secret]` in the place of each of the values. */
export function blotOut(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length > 0)
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
}
