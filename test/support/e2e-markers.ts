/** Secrets that can be recognised wherever they turn up, and the search for them. */
import { randomBytes } from "node:crypto";

export interface Marker {
  /** Name under `secrets`, or what else it is the secret of. */
  readonly name: string;
  /** The secret. */
  readonly value: string;
  /** Part of it that no escaping changes: letters and digits. */
  readonly core: string;
}

/** Shapes that secrets have in real life, and that a careless program splits, escapes or cuts. */
const SHAPES: readonly ((core: string) => string)[] = [
  (core) => core,
  (core) => `-${core}`,
  (core) => `"${core}"`,
  (core) => `'$(echo ${core})'`,
  (core) => `${core} with spaces, = and \\ backslashes`,
  (core) => `{"nested": {"token": "${core}"}}`,
  (core) => `-----BEGIN KEY-----\n${core}\nsecond line\n-----END KEY-----`,
  (core) => `https://user:${core}@example.com/?a=1&b=%20`,
  (core) => `grüße-${core}-日本`,
  (core) => core.repeat(40),
  (core) => `\${${core}}`,
  (core) => `[${core}]: "x", 'y'`,
];

/** A secret nobody can have come up with by chance; each number another shape. */
export function marker(name: string, number: number): Marker {
  const core = `mk${String(number).padStart(2, "0")}${randomBytes(12).toString("hex")}`;
  const shape = SHAPES[number % SHAPES.length] ?? ((text: string) => text);
  return { name, value: shape(core), core };
}

/** A secret that the stack made up by itself. */
export function generated(name: string, value: string): Marker {
  return { name, value, core: value };
}

/** Names of the markers that are in a text: as they are, or in base64. */
export function markersIn(text: string, markers: readonly Marker[]): string[] {
  return markers
    .filter(({ core }) => disguises(core).some((needle) => text.includes(needle)))
    .map(({ name }) => name);
}

/** A text as it is, and what of its base64 is the same whatever stands before and after it. */
function disguises(core: string): string[] {
  const encoded = [0, 1, 2].map((before) => {
    const whole = Buffer.from("x".repeat(before) + core).toString("base64");
    return whole.slice(before === 0 ? 0 : 4, -4);
  });
  return [core, ...encoded];
}
