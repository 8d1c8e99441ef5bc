/** The backups of a stack at AWS: commands are tasks that a function starts, and what there is lies in a bucket. */
import { randomUUID } from "node:crypto";
import type { Outputs } from "../../components/outputs.ts";
import {
  BEGINNING,
  BUSY_SECONDS,
  BackupJob,
  type BackupOutputs,
  type Listed,
  type Ready,
  sentences,
  troublesOf,
} from "../backup-job.ts";
import type { Engine } from "../engine.ts";
import { failed, messageOf } from "../errors.ts";
import type { Say } from "../progress.ts";
import type { S3Folder } from "../s3.ts";
import { BackupFunction, type Task } from "./backup-function.ts";
import { databaseUsers, longestRequest, withoutFunctions } from "./backup-pause.ts";
import { backupFolder, manifestsIn, recordsIn, regionOf } from "./backup-records.ts";
import { RecordsBucket } from "./bucket.ts";
import { Clients } from "./clients.ts";
import { holdingBucket } from "./lock.ts";

export class AwsBackupJob extends BackupJob {
  readonly #backup: BackupOutputs;
  readonly #clients: Clients;
  readonly #function: BackupFunction;
  readonly #folder: S3Folder;

  constructor(engine: Engine, outputs: Outputs, backup: BackupOutputs) {
    super(engine, outputs);
    const region = regionOf(backup.run.target);
    this.#backup = backup;
    this.#clients = new Clients(region);
    this.#function = new BackupFunction(this.#clients.lambda, backup.run.target);
    this.#folder = backupFolder(backup.destination, region);
  }

  override async ask<T>(command: string, ...more: string[]): Promise<T> {
    return said(async () => {
      const task = await this.#function.begin(
        [...this.#words(command), ...more],
        BEGINNING.includes(command) ? BUSY_SECONDS : undefined,
      );
      return this.#answer<T>(task);
    });
  }

  /** A task needs a minute to begin: it does so, and waits for an object in the bucket. */
  override async ready<T>(command: string, ...more: string[]): Promise<Ready<T>> {
    const gate = randomUUID();
    let given = false;
    const tell = async (word: "go" | "off") => {
      if (given) return;
      given = true;
      await this.#folder.write(`gates/${gate}`, word);
    };
    const words = ["when", gate, ...this.#words(command), ...more];
    const task = await said(() => this.#function.begin(words, BUSY_SECONDS));
    try {
      await said(() => this.#function.started(task));
    } catch (error) {
      await tell("off").catch(() => undefined);
      throw error;
    }
    return {
      go: () =>
        said(async () => {
          await tell("go");
          return this.#answer<T>(task);
        }),
      callOff: () => tell("off"),
    };
  }

  override async list(): Promise<Listed[]> {
    const manifests = await manifestsIn(this.#folder);
    return manifests.map((manifest) => ({ manifest, verdict: "ok" }));
  }

  /** Each task fetches what it needs. */
  override fetch(): Promise<void> {
    return Promise.resolve();
  }

  /** A release in between would move requests to functions of its own. */
  override async withoutServices<T>(say: Say, work: () => Promise<T>): Promise<T> {
    const { lambda, s3 } = this.#clients;
    const users = databaseUsers(this.outputs, (await this.engine.state()) ?? {}, this.#backup.run.target);
    const bucket = RecordsBucket.named(s3, this.outputs);
    return holdingBucket(bucket, this.engine.stackName, "a restore", () =>
      withoutFunctions(lambda, users, longestRequest(this.outputs), say, work),
    );
  }

  override async troubles([newest]: readonly Listed[]): Promise<string[]> {
    const { failure } = await recordsIn(this.#folder);
    return troublesOf(newest, this.#backup.schedule, failure);
  }

  /** The contract's command is the same but for its last word. */
  #words(command: string): string[] {
    return [...this.#backup.run.args.slice(0, -1), command];
  }

  async #answer<T>(task: Task): Promise<T> {
    return ((await this.#function.answerOf(task)) ?? undefined) as T;
  }
}

async function said<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failed(sentences(messageOf(error)), error);
  }
}
