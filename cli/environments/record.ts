/**
 * What is kept of an environment beside its state: a tag of its stack, in the backend. It is there before the first
 * resource is, in any backend (a file beside the state, a tag of Pulumi Cloud), and goes with the stack.
 */
import { seconds } from "../../components/shared/units.ts";
import type { Engine } from "../engine.ts";
import { badInput } from "../errors.ts";

export const ENVIRONMENT_TAG = "tristack:environment";

/** Most letters of a tag's value: Pulumi Cloud's limit, which the command line checks for every backend. */
const LONGEST = 256;

export interface EnvironmentRecord {
  /** After this time any sweep may destroy it. To the second, in UTC. */
  readonly expiresAt: string;
  readonly createdAt: string;
  readonly pullRequest?: number;
  /** File that its settings are made from, as a path below the checkout. */
  readonly template: string;
  /** Ports of its proxy, for HTTP and HTTPS, where they were chosen for it. */
  readonly ports?: readonly [number, number];
  /** Whether its database has been seeded. */
  readonly seeded?: true;
}

/** @throws CliError with exit code 2 where it is too long: only the template's path can be */
export function tagText(record: EnvironmentRecord): string {
  const text = JSON.stringify(record);
  if (text.length <= LONGEST) return text;
  throw badInput(`--template: ${record.template}; needs a shorter path: it is kept in a tag of the stack`);
}

/** Undefined for a text that is not one of ours. */
export function parseTag(text: string | undefined): EnvironmentRecord | undefined {
  try {
    const value = JSON.parse(text ?? "null") as Partial<EnvironmentRecord> | null;
    if (typeof value?.template !== "string" || !isTime(value.expiresAt) || !isTime(value.createdAt))
      return undefined;
    return value as EnvironmentRecord;
  } catch {
    return undefined;
  }
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

/** A moment as settings and outputs have it. */
export function utc(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}

/**
 * When an environment expires that is brought up now. One that was to live longer already keeps its time: a push never
 * shortens it.
 * @param lifetime such as `7d`
 */
export function extendedExpiry(before: string | undefined, lifetime: string, now: Date): string {
  const after = utc(new Date(now.getTime() + seconds(lifetime) * 1000));
  return before !== undefined && before > after ? before : after;
}

/** The record of a stack; undefined without one, or without such a stack. */
export async function readRecord(engine: Engine): Promise<EnvironmentRecord | undefined> {
  const tags = await engine.tags();
  return parseTag(tags?.[ENVIRONMENT_TAG]);
}

export async function writeRecord(engine: Engine, record: EnvironmentRecord): Promise<void> {
  await engine.setTag(ENVIRONMENT_TAG, tagText(record));
}
