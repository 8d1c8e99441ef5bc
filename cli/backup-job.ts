/** The container that makes backups, found through the stack's outputs alone, and what can be asked of it. */
import type { Outputs } from "../components/outputs.ts";
import { requireBackend } from "./backend.ts";
import { type Docker, ownContainers } from "./docker.ts";
import { Engine } from "./engine.ts";
import { badInput, failed, messageOf } from "./errors.ts";
import { readProject, readStackFile } from "./project.ts";
import { dockerOf } from "./stack-docker.ts";

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

/** The container ends its own work in time; this only bounds what never answers. */
const LONGEST_SECONDS = 25 * 3600;

/** What one stack's backups are worked on with. */
export class BackupJob {
  readonly engine: Engine;
  readonly docker: Docker;
  readonly outputs: Outputs;
  readonly #backup: NonNullable<Outputs["backup"]>;

  private constructor(
    engine: Engine,
    docker: Docker,
    outputs: Outputs,
    backup: NonNullable<Outputs["backup"]>,
  ) {
    this.engine = engine;
    this.docker = docker;
    this.outputs = outputs;
    this.#backup = backup;
  }

  /** @throws CliError with exit code 2 where the stack makes no backups. */
  static async of(stack: string): Promise<BackupJob> {
    const project = readProject();
    const engine = new Engine(project, stack, requireBackend(project));
    const outputs = (await engine.outputs()) as Outputs | undefined;
    if (!outputs) throw badInput(`There is no stack ${stack} in ${engine.backend.url}`);
    if (!outputs.backup) {
      throw badInput(
        `The stack ${stack} makes no backups; needs the setting ${project.name}:backup, such as {}, and an update`,
      );
    }
    const docker = dockerOf(project, readStackFile(project, stack));
    return new BackupJob(engine, docker, outputs, outputs.backup);
  }

  /** What the container answers to one of its commands, such as `now`. */
  async ask<T>(command: string, ...more: string[]): Promise<T> {
    const call = command === "prepare" ? this.#backup.restore : this.#backup.run;
    // The contract's command is the same but for its last word.
    const args = [...call.args.slice(0, -1), command, ...more];
    try {
      const text = await this.docker.run(["exec", call.target, ...args], LONGEST_SECONDS);
      return (text === "" ? undefined : JSON.parse(text)) as T;
    } catch (error) {
      throw failed(sentences(messageOf(error)), error);
    }
  }

  /** Those of the host, and behind them those that are in S3 alone. */
  async list(): Promise<Listed[]> {
    const here = await this.ask<Listed[]>("list");
    if (!this.#backup.destination.startsWith("s3:")) return here;
    const there = JSON.parse(await this.#courier("remote")) as Manifest[];
    const remote = there.map((one) => ({ manifest: { ...one, remote: true }, verdict: "in S3 alone" }));
    return [...here, ...remote];
  }

  /** Brings a backup from S3 to the host, whole and compared with its checksum. */
  async fetch(name: string): Promise<void> {
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
      throw failed(sentences(messageOf(error)), error);
    }
  }

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

/** The container's own sentences, without what is in front of them. */
function sentences(text: string): string {
  return text.replace(/^docker exec: /, "").replaceAll(/^backup: (ALARM: )?/gm, "");
}
