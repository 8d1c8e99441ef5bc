/** The containers that make backups on a host, found through the stack's outputs alone. */
import type { Outputs } from "../components/outputs.ts";
import { BackupJob, type BackupOutputs, type Listed, type Manifest, sentences } from "./backup-job.ts";
import { type Docker, ownContainers } from "./docker.ts";
import type { Engine } from "./engine.ts";
import { failed, messageOf } from "./errors.ts";
import { withoutServices } from "./paused-services.ts";
import type { Say } from "./progress.ts";

/** The container ends its own work in time; this only bounds what never answers. */
const LONGEST_SECONDS = 25 * 3600;

export class DockerBackupJob extends BackupJob {
  readonly docker: Docker;
  readonly #backup: BackupOutputs;

  constructor(engine: Engine, outputs: Outputs, backup: BackupOutputs, docker: Docker) {
    super(engine, outputs);
    this.docker = docker;
    this.#backup = backup;
  }

  /** What the container answers to one of its commands, such as `now`. */
  override async ask<T>(command: string, ...more: string[]): Promise<T> {
    const call = command === "prepare" ? this.#backup.restore : this.#backup.run;
    // The contract's command is the same but for its last word.
    const args = [...call.args.slice(0, -1), command, ...more];
    try {
      const text = await this.docker.run(["exec", call.target, ...args], LONGEST_SECONDS);
      return (text === "" ? undefined : JSON.parse(text)) as T;
    } catch (error) {
      throw failed(sentences(messageOf(error)).replace(/^docker exec: /, ""), error);
    }
  }

  /** Those of the host, and behind them those that are in S3 alone. */
  override async list(): Promise<Listed[]> {
    const here = await this.ask<Listed[]>("list");
    if (!this.#backup.destination.startsWith("s3:")) return here;
    const there = JSON.parse(await this.#courier("remote")) as Manifest[];
    const remote = there.map((one) => ({ manifest: { ...one, remote: true }, verdict: "in S3 alone" }));
    return [...here, ...remote];
  }

  /** Brings a backup from S3 to the host, whole and compared with its checksum. */
  override async fetch(name: string): Promise<void> {
    await this.#courier("fetch", name);
  }

  /** Keeps a sealed copy of the stack's state beside the backups. Returns `ok`, `pending` or `failed: …`. */
  async keepState(name: string, sealed: string, waitSeconds: number): Promise<string> {
    const { target, args } = this.#backup.run;
    const call = [
      "exec",
      "--interactive",
      target,
      ...args.slice(0, -1),
      "keep-state",
      name,
      String(waitSeconds),
    ];
    return (await this.docker.run(call, waitSeconds + 60, sealed)).trim();
  }

  /** The container that speaks with S3 has the same script in the same place. */
  async #courier(...command: string[]): Promise<string> {
    const { args } = this.#backup.run;
    const own = ownContainers(this.engine.owner, "backup-courier");
    const id = (await this.docker.run(["ps", "--quiet", ...own])).trim();
    if (id === "") throw failed("The container that speaks with S3 does not run.");
    try {
      return await this.docker.run(["exec", id, ...args.slice(0, -1), ...command], LONGEST_SECONDS);
    } catch (error) {
      throw failed(sentences(messageOf(error)).replace(/^docker exec: /, ""), error);
    }
  }

  override withoutServices<T>(say: Say, work: () => Promise<T>): Promise<T> {
    return withoutServices(this.docker, this.engine.owner, this.outputs, say, work);
  }

  /** The keeper raises its alarms itself. */
  override troubles(): Promise<string[]> {
    return Promise.resolve([]);
  }
}
