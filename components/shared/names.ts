/** Names of resources and containers, and the fingerprints in them. */
import { createHash, scrypt, scryptSync } from "node:crypto";
import type { Owner } from "./labels.ts";

/** Longest part of a version that goes into a name. */
const VERSION_LENGTH = 40;

/** Eight hexadecimal digits that change when `inputs` does. Never over secrets: it ends up in names and outputs. */
export function fingerprint(inputs: unknown): string {
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 8);
}

/** Those of this process by what they are made of: services often share their secrets, and two releases of one always do. */
const known = new Map<string, string>();
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 };
const BYTES = 8;

/**
 * As `fingerprint`, over secrets: slow on purpose, so that a weak secret can hardly be guessed from a container's name.
 * Cost: 50 to 200 ms, the first time; 32 MiB for that moment (node:crypto's scrypt with N = 2^15).
 */
export function secretFingerprint(owner: Owner, secrets: Record<string, string>): string {
  const hashed = whatIsHashed(owner, secrets);
  if (!hashed) return "";
  const { text, salt, key } = hashed;
  const made = known.get(key) ?? scryptSync(text, salt, BYTES, SCRYPT).toString("hex");
  known.set(key, made);
  return made;
}

/**
 * Makes them on threads of their own, each once, for `secretFingerprint` to find: what Pulumi was told before goes on meanwhile.
 * @param sets the secrets of each service
 */
export async function prepareSecretFingerprints(owner: Owner, sets: Record<string, string>[]): Promise<void> {
  const all = sets.flatMap((secrets) => whatIsHashed(owner, secrets) ?? []);
  const each = new Map(all.filter(({ key }) => !known.has(key)).map((one) => [one.key, one]));
  await Promise.all([...each.values()].map(prepare));
}

function prepare({ text, salt, key }: Hashed): Promise<void> {
  return new Promise((resolve, reject) => {
    scrypt(text, salt, BYTES, SCRYPT, (error, made) => {
      if (error) return reject(error);
      known.set(key, made.toString("hex"));
      resolve();
    });
  });
}

interface Hashed {
  readonly text: string;
  readonly salt: string;
  readonly key: string;
}

/** Undefined where there are no secrets. */
function whatIsHashed({ project, stack }: Owner, secrets: Record<string, string>): Hashed | undefined {
  const sorted = Object.entries(secrets).sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length === 0) return undefined;
  const text = JSON.stringify(sorted);
  const salt = `${project}/${stack}`;
  return { text, salt, key: `${salt} ${text}` };
}

/**
 * A resource name that holds the release: a new release gets new resources and leaves the old ones unmarked, so that
 * nothing is deleted before its successor serves. The one exception to the rule that names never change.
 */
export function releaseName(name: string, version: string, fingerprint: string, index?: number): string {
  const parts = [name, version.slice(0, VERSION_LENGTH), fingerprint];
  return (index === undefined ? parts : [...parts, index]).join("-");
}
