/** The backups of a stack on a cluster: each command is a Job from the template of its CronJob. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Outputs } from "../../components/outputs.ts";
import {
  BEGINNING,
  BUSY_SECONDS,
  BackupJob,
  type BackupOutputs,
  type Listed,
  type Manifest,
  sentences,
  troublesOf,
} from "../backup-job.ts";
import type { Engine } from "../engine.ts";
import { failed, messageOf } from "../errors.ts";
import type { Say } from "../progress.ts";
import { BACKUP, DRILL, backupHistory, isBusy } from "./backup-history.ts";
import type { Cluster } from "./client.ts";
import { runJob } from "./job.ts";
import { holdingNamespace } from "./lease.ts";
import { withoutPods } from "./paused-workloads.ts";

/** Commands that are in the history of a CronJob, as its own are. */
const RECORDED: Readonly<Record<string, string>> = { now: BACKUP, drill: DRILL };

export class ClusterBackupJob extends BackupJob {
  readonly #backup: BackupOutputs;
  readonly #cluster: Cluster;

  constructor(engine: Engine, outputs: Outputs, backup: BackupOutputs, cluster: Cluster) {
    super(engine, outputs);
    this.#backup = backup;
    this.#cluster = cluster;
  }

  override async ask<T>(command: string, ...more: string[]): Promise<T> {
    if (BEGINNING.includes(command)) await this.#turn();
    // The contract's command is the same but for its last word.
    const words = [...this.#backup.run.args.slice(0, -1), command, ...more];
    const kept = RECORDED[command];
    const request = { cronJob: kept ?? BACKUP, command: words, verb: command, kept: kept !== undefined };
    try {
      const answer = await runJob(this.#cluster, request, () => undefined);
      return (answer === "" ? undefined : JSON.parse(answer)) as T;
    } catch (error) {
      throw failed(sentences(messageOf(error)), error);
    }
  }

  /** All of them are in S3, and an object without its manifest is none. */
  override async list(): Promise<Listed[]> {
    const manifests = await this.ask<Manifest[]>("list");
    return manifests.map((manifest) => ({ manifest, verdict: "ok" }));
  }

  /** Each Job fetches what it needs. */
  override fetch(): Promise<void> {
    return Promise.resolve();
  }

  /** A release in between would start pods of its own. */
  override withoutServices<T>(say: Say, work: () => Promise<T>): Promise<T> {
    return holdingNamespace(this.#cluster, "a restore", () =>
      withoutPods(this.#cluster, this.outputs, say, work),
    );
  }

  override async troubles([newest]: readonly Listed[]): Promise<string[]> {
    const { failure } = await backupHistory(this.#cluster);
    return troublesOf(newest, this.#backup.schedule, failure);
  }

  async #turn(): Promise<void> {
    for (const end = Date.now() + BUSY_SECONDS * 1000; await isBusy(this.#cluster); await sleep(1000))
      if (Date.now() > end) throw failed("another backup, drill or restore is under way");
  }
}
