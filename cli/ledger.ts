/** The ledger of releases: what a rollback needs to bring one back, and who released what and when. */
import { z } from "zod";
import { releaseSettingsSchema } from "../components/settings/application.ts";
import { schemaRevisions } from "./schema-revisions.ts";

/** Releases whose images stay on the host, the one that runs included: a rollback to each needs no registry. */
export const KEPT_RELEASES = 5;
/** Entries kept; older ones fall off. */
const LENGTH = 100;

export const entry = z.object({
  id: z.string(),
  version: z.string(),
  commit: z.string().nullable(),
  digests: z.record(z.string(), z.string()),
  /** Image of each service as it was run. */
  images: z.record(z.string(), z.string()),
  settings: releaseSettingsSchema,
  /** What the release declared about database schemas; null if nothing. */
  schema: schemaRevisions.nullable(),
  at: z.string(),
  by: z.string(),
  kind: z.enum(["deploy", "rollback"]),
  passed: z.boolean(),
  /** What the update was made from besides the release, and when it wrote the state (same-program.ts). */
  program: z.object({ fingerprint: z.string(), stateTime: z.string() }).optional(),
  /** Why it did not pass. */
  reason: z.string().nullable(),
});

export type Entry = z.infer<typeof entry>;

/** The ledger as it was stored, oldest first. Entries of another form (a newer program's) are left out. */
export function readLedger(stored: unknown): Entry[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((one) => entry.safeParse(one).data ?? []);
}

export function withEntry(ledger: readonly Entry[], added: Entry): Entry[] {
  return [...ledger, added].slice(-LENGTH);
}

/** Releases that passed, each once, newest first. */
export function goodReleases(ledger: readonly Entry[]): Entry[] {
  const newestFirst = ledger.filter((one) => one.passed).toReversed();
  return newestFirst.filter((one, index) => newestFirst.findIndex(({ id }) => id === one.id) === index);
}

/**
 * Images of releases that fell out of the last ones and that no kept release uses. An image that was pulled by its tag
 * has two names, and stays on the disk while it has one.
 * @param running id of the release that runs
 */
export function imagesToRemove(ledger: readonly Entry[], running: string): string[] {
  const releases = goodReleases(ledger);
  const kept = releases.filter((one, index) => index < KEPT_RELEASES || one.id === running);
  const used = new Set(kept.flatMap(namesOfImages));
  return [...new Set(ledger.flatMap(namesOfImages))].filter((image) => !used.has(image));
}

function namesOfImages({ images, version }: Entry): string[] {
  return Object.values(images).flatMap((image) => {
    const [repository, digest] = image.split("@");
    return digest === undefined ? [image] : [image, `${repository ?? ""}:${version}`];
  });
}
