/** The first line of what `tristack report` writes: by it, it finds it again. Readers do not see it. */
import { InvalidArgumentError } from "commander";

export type MarkerKind = "comment" | "issue";

const KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/;

export function parseKey(value: string): string {
  if (KEY.test(value)) return value;
  throw new InvalidArgumentError("needs letters, digits, . _ / and hyphens, such as a stack's name");
}

export function marker(kind: MarkerKind, key: string): string {
  return `<!-- tristack:${kind}:${key} -->`;
}

export function withMarker(kind: MarkerKind, key: string, text: string): string {
  return `${marker(kind, key)}\n${text}`;
}

/** Whether a body is that of this key: its first line, all of it, so that `dev` is not `dev-tokyo`. */
export function hasMarker(body: string | null | undefined, kind: MarkerKind, key: string): boolean {
  return firstLine(body ?? "") === marker(kind, key);
}

/** Whether two bodies are the same to their readers: the host may change ends of lines. */
export function sameBody(one: string | null | undefined, other: string): boolean {
  return normal(one ?? "") === normal(other);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.trimEnd() ?? "";
}

function normal(text: string): string {
  return text.replaceAll("\r\n", "\n").trimEnd();
}
