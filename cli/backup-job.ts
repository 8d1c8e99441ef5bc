/** What one stack's backups are worked on with, whatever carries the stack. */
import type { Outputs } from "../components/outputs.ts";
import { longestGap } from "../components/shared/schedule.ts";
import type { Engine } from "./engine.ts";
import { badInput } from "./errors.ts";
import type { Say } from "./progress.ts";
import { age } from "./recovery.ts";

export type BackupOutputs = NonNullable<Outputs["backup"]>;

/** A backup's manifest, as far as it is shown. */
export interface Manifest {
  readonly name: string;
  readonly at: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly sha256: string;
  readonly database: string;
  readonly server: string;
  /** Whether it is suspiciously small, and so does not count. */
  readonly small: boolean;
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly sum: string }[];
  /** Whether it is in S3 alone. */
  readonly remote?: boolean;
}

export interface Listed {
  readonly manifest: Manifest;
  /** `ok`; `pending`; `failed: …` where it could not be uploaded. */
  readonly verdict: string;
}

/** A backup that was to be made. */
export interface Failure {
  readonly at: string;
  readonly reason: string;
}

/** Commands that begin something of their own. The others read S3 alone, or end what one of these has begun. */
export const BEGINNING: readonly string[] = ["now", "drill", "prepare", "confirm"];
/** As long as the keeper of a host waits for another of its jobs. */
export const BUSY_SECONDS = 60;
/** A dump that takes an hour is not late yet: what the schedule promises, and this. */
const SLACK_SECONDS = 3600;

/** A command that waits for the word. */
export interface Ready<T> {
  /** Gives it, and waits for the answer. */
  go(): Promise<T>;
  /** Ends what waits, so that it is in nobody's way; after `go` it does nothing. */
  callOff(): Promise<void>;
}

export abstract class BackupJob {
  readonly engine: Engine;
  readonly outputs: Outputs;

  constructor(engine: Engine, outputs: Outputs) {
    this.engine = engine;
    this.outputs = outputs;
  }

  /** What the keeper answers to one of its commands, such as `now`. */
  abstract ask<T>(command: string, ...more: string[]): Promise<T>;

  /** Gets everything ready for a command that is wanted at once later, where its start takes time. */
  ready<T>(command: string, ...more: string[]): Promise<Ready<T>> {
    return Promise.resolve({ go: () => this.ask<T>(command, ...more), callOff: () => Promise.resolve() });
  }

  /** All backups, the newest first. */
  abstract list(): Promise<Listed[]>;

  /** Brings a backup that is in S3 alone to the host, whole and compared with its checksum. */
  abstract fetch(name: string): Promise<void>;

  /** Runs `work` while nothing uses the database; what used it is started again in any case. */
  abstract withoutServices<T>(say: Say, work: () => Promise<T>): Promise<T>;

  /** What is wrong with the backups beside those that are there, as sentences. */
  abstract troubles(all: readonly Listed[]): Promise<string[]>;

  /** The backup of that name, or the newest good one. @throws CliError with exit code 2 where there is none. */
  async find(name?: string): Promise<Manifest> {
    const all = await this.list();
    const good = all.map(({ manifest }) => manifest);
    if (name === undefined) {
      const newest = good.find(({ small }) => !small);
      if (!newest)
        throw badInput("There is no backup yet; make one: tristack backup now " + this.engine.stackName);
      return newest;
    }
    const found = good.find((one) => one.name === name);
    if (found) return found;
    const known = good.slice(0, 5).map((one) => one.name);
    throw badInput(
      `backup: ${JSON.stringify(name)}; needs the name of one that is there, such as ${known.join(", ") || "(there is none)"}`,
    );
  }
}

/** What is wrong where backups are made by jobs that come and go, as sentences. */
export function troublesOf(
  newest: Listed | undefined,
  schedule: string,
  failure: Failure | undefined,
): string[] {
  const now = new Date();
  const promised = longestGap(schedule) + SLACK_SECONDS;
  const late = newest && (now.getTime() - new Date(newest.manifest.at).getTime()) / 1000 > promised;
  return [
    ...(failure ? [`the last backup failed, ${age(new Date(failure.at), now)} ago: ${failure.reason}`] : []),
    ...(late
      ? [`the last good backup is of ${newest.manifest.at}, and the schedule promises newer ones`]
      : []),
  ];
}

/** The keeper's own sentences, without what is in front of them. */
export function sentences(text: string): string {
  return text.replaceAll(/^backup: (ALARM: )?/gm, "");
}
