/** The container that makes backups, found through the stack's outputs alone, and what can be asked of it. */
import type { Outputs } from "../components/outputs.ts";
import { requireBackend } from "./backend.ts";
import type { Docker } from "./docker.ts";
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

  async list(): Promise<Listed[]> {
    return this.ask<Listed[]>("list");
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
