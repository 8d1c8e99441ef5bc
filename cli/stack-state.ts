/** What a state says of the stack as a whole, and how one of a file backend is read. */
import { readFile } from "node:fs/promises";
import type { Deployment } from "./recovery.ts";

/** How Pulumi marks a value that is more than JSON, and what the mark of a secret is: sdk/go/common/resource/sig. */
const MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Version of the format, which is that of an exported state as well. */
const CHECKPOINT_VERSION = 3;

/**
 * The state as a file backend keeps it, secrets encrypted: printing it takes Pulumi half a second, and a release asks three times.
 * @param file the checkpoint, which Pulumi puts there in one go
 * @returns undefined if there is none that can be read here, such as one that is compressed: Pulumi is to be asked
 */
export async function readCheckpoint(file: string): Promise<Deployment | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { version, checkpoint } = JSON.parse(text) as Checkpoint;
    return version === CHECKPOINT_VERSION && checkpoint ? (checkpoint.latest ?? {}) : undefined;
  } catch {
    return undefined;
  }
}

interface Checkpoint {
  readonly version?: number;
  readonly checkpoint?: { readonly latest?: Deployment };
}

/** Outputs of the last update, secrets as "[secret]", as `pulumi stack output` prints them. */
export function outputsOf(state: Deployment): Record<string, unknown> {
  const stack = state.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  return masked(stack?.outputs ?? {}) as Record<string, unknown>;
}

/** When the state was last written; undefined of a stack that was never updated. */
export function writtenAt(state: Deployment): string | undefined {
  return state.manifest?.time;
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  if ((value as Record<string, unknown>)[MARK] === SECRET) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner)]));
}
