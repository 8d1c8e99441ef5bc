/** Names of resources and containers, and the fingerprints in them. */
import { createHash, scryptSync } from "node:crypto";
import type { Owner } from "./labels.ts";

/** Longest part of a version that goes into a name. */
const VERSION_LENGTH = 40;

/** Eight hexadecimal digits that change when `inputs` does. Never over secrets: it ends up in names and outputs. */
export function fingerprint(inputs: unknown): string {
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 8);
}

/**
 * As `fingerprint`, over secrets: slow on purpose, so that a weak secret can hardly be guessed from a container's name.
 * Cost: about 50 ms; 32 MiB for that moment (node:crypto's scrypt with N = 2^15).
 */
export function secretFingerprint(owner: Owner, secrets: Record<string, string>): string {
  const sorted = Object.entries(secrets).sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length === 0) return "";
  const salt = `${owner.project}/${owner.stack}`;
  const options = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 };
  return scryptSync(JSON.stringify(sorted), salt, 8, options).toString("hex");
}

/**
 * A resource name that holds the release: a new release gets new resources and leaves the old ones unmarked, so that
 * nothing is deleted before its successor serves. The one exception to the rule that names never change.
 */
export function releaseName(name: string, version: string, fingerprint: string, index?: number): string {
  const parts = [name, version.slice(0, VERSION_LENGTH), fingerprint];
  return (index === undefined ? parts : [...parts, index]).join("-");
}
