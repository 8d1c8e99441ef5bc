/** Problems with what a person wrote, put into words: where, what is there, and what is needed. */

/** Where something stands: names of settings and numbers of list entries. */
export type Path = readonly (string | number)[];

/** One wrong place. The three parts are ready to be printed: no secret is in them. */
export interface Problem {
  /** Where, such as `tristack:services.web.replicas`. */
  readonly key: string;
  /** What is there, such as `0`, `missing` or `not a setting`. */
  readonly value: string;
  /** What has to be there, such as `a whole number from 1 to 50`. */
  readonly need: string;
}

/** A wrong place as a check reports it, before anything of it may be printed. */
export interface Finding {
  readonly path: Path;
  readonly need: string;
  /** What to say of the place. @default the value there, or `missing` */
  readonly is?: string;
  /** Another place that is wrong for the same reason, such as the setting that a misspelt one was meant to be. */
  readonly spoils?: Path;
}

/** Longest value that is printed whole, in characters. */
const VALUE_LENGTH = 60;

/** `key is value; needs need`. */
export function problemLine(problem: Problem): string {
  return `${problem.key} is ${problem.value}; needs ${problem.need}`;
}

/** All problems of `subject`, a line each. */
export function report(subject: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [`${subject} has ${count}:`, ...problems.map((problem) => `  ${problemLine(problem)}`)].join("\n");
}

/**
 * Puts a finding into words.
 * @param input What the path leads through.
 * @param options.prefix Put before each key. @default ""
 * @param options.hidden Top-level keys whose values are never printed. @default none
 */
export function problemOf(
  finding: Finding,
  input: unknown,
  options: { prefix?: string; hidden?: ReadonlySet<string> } = {},
): Problem {
  const { path, need } = finding;
  const key = `${options.prefix ?? ""}${pathText(path)}`;
  if (finding.is !== undefined) return { key, value: finding.is, need };
  const value = valueAt(input, path);
  if (value !== undefined && options.hidden?.has(String(path[0]))) return { key, value: "[secret]", need };
  return { key, value: valueText(value), need };
}

/** A path as `pulumi config set --path` takes it: `services.web.routes[0]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[\w-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** A value as it is shown to people: the inside of objects and lists is not, nor a text with a password in it. */
export function valueText(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "an object";
  if (typeof value !== "string") return JSON.stringify(value);
  if (holdsCredentials(value)) return "[secret]";
  const shown = value.length > VALUE_LENGTH ? `${value.slice(0, VALUE_LENGTH)}…` : value;
  // Quotes only where the text could be taken for something else, as "1" for a number.
  return isPlainText(shown) ? shown : JSON.stringify(shown);
}

function isPlainText(value: string): boolean {
  return /^[A-Za-z/][^\s"'\\\p{Cc}]*$/u.test(value) && !/^(true|false|null|missing|empty)$/.test(value);
}

/** What passwords and keys look like: a URL with one, a private key, tokens of AWS, GitHub, Stripe, Slack, Sentry, GitLab, Pulumi. */
const CREDENTIALS = [
  /(?<=:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)|PRIVATE KEY|\bAGE-SECRET-KEY-\w+/,
  /\bA[KS]IA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}|\bgithub_pat_\w{30,}|\bsk_live_\w+|\bxox[abprs]-[\w-]+/,
  /\bsntry[su]_[\w=+/-]{20,}|\bglpat-[\w-]{20,}|\bpul-[0-9a-f]{40}\b/,
].map(({ source }) => source);
const CREDENTIAL = new RegExp(CREDENTIALS.join("|"));
const EVERY_CREDENTIAL = new RegExp(CREDENTIAL, "g");

/** Whether a text looks like it holds a password or a key. */
export function holdsCredentials(value: string): boolean {
  return CREDENTIAL.test(value);
}

/** A text in which `mask` stands for all that looks like a password or a key. */
export function withoutCredentials(text: string, mask: string): string {
  return text.replaceAll(EVERY_CREDENTIAL, mask);
}

/** What lies at a path; undefined where the path leads nowhere. */
export function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    return (value as Record<string | number, unknown>)[part];
  }, input);
}

/** The word that was probably meant: one that begins alike, or differs in a letter or two. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const candidates = words
    .map((candidate) => ({ candidate, distance: likeness(wanted, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(wanted.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return candidates[0]?.candidate;
}

function likeness(a: string, b: string): number {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 3 && long.startsWith(short) ? 1 : editDistance(a, b);
}

/** Letters to insert, delete, replace or swap with their neighbour to make `a` into `b`. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= a.length; row++) {
    rows[row] = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      rows[row]![column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + same,
        swapped ? at(row - 2, column - 2) + 1 : Infinity,
      );
    }
  }
  return at(a.length, b.length);
}
