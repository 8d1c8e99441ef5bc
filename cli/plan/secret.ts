/** What stands in the place of a secret wherever a plan goes: it can be told from another one, and never be read. */
import { isDeepStrictEqual } from "node:util";
import { holdsCredentials } from "../../components/shared/problems.ts";
import type { Registered } from "../render/recorder.ts";

export const MASK = "[secret]";

export class Secret {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  equals(other: unknown): boolean {
    return other instanceof Secret && isDeepStrictEqual(this.#value, other.#value);
  }

  toJSON(): string {
    return MASK;
  }

  toString(): string {
    return MASK;
  }
}

export type Inputs = Readonly<Record<string, unknown>>;

/** Inputs without a secret in them: neither one that is marked, nor a text that looks like one. */
export function maskedInputs({ inputs, secretPaths }: Pick<Registered, "inputs" | "secretPaths">): Inputs {
  const marked = new Set(secretPaths.map((path) => JSON.stringify(path)));
  const masked = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (marked.has(JSON.stringify(path))) return new Secret(value);
    if (typeof value === "string") return holdsCredentials(value) ? new Secret(value) : value;
    if (Array.isArray(value)) return value.map((entry, index) => masked(entry, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, masked(entry, [...path, key])]),
    );
  };
  return masked(inputs, []) as Inputs;
}
