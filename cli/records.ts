/** The records of a stack on its host (components/docker/records.ts): reading and writing files of JSON there. */
import { RECORDS_FOLDER } from "../components/docker/records.ts";
import type { RecordStore } from "./carrier.ts";
import type { Docker } from "./docker.ts";
import type { OnHost } from "./host-lock.ts";
import { parsedRecord } from "./record-file.ts";

/**
 * The records that the outputs name; undefined before there are any.
 * @param lock what holds the stack, and the volume that it sees
 */
export function recordsOf(
  outputs: Readonly<Record<string, unknown>>,
  docker: Docker,
  image: string,
  lock?: { readonly volume: string | undefined; readonly onHost: OnHost },
): Records | undefined {
  const { statusRef } = outputs;
  const [, volume] = /^file:(\S+)$/.exec(typeof statusRef === "string" ? statusRef : "") ?? [];
  if (volume === undefined) return undefined;
  return new Records(docker, volume, image, lock?.volume === volume ? lock.onHost : undefined);
}

/** One stack's records. */
export class Records implements RecordStore {
  readonly #docker: Docker;
  readonly #volume: string;
  readonly #image: string;
  readonly #onHost: OnHost | undefined;

  /**
   * @param image one that the host has, with a shell
   * @param onHost runs a script where the volume is mounted already. @default in a container of its own
   */
  constructor(docker: Docker, volume: string, image: string, onHost?: OnHost) {
    this.#docker = docker;
    this.#volume = volume;
    this.#image = image;
    this.#onHost = onHost;
  }

  /** Every record by its file's name without `.json`; one that is no JSON is left out. */
  async readAll(): Promise<Readonly<Record<string, unknown>>> {
    // Where it is mounted already, it is there.
    if (!this.#onHost && (await this.#docker.try(["volume", "inspect", this.#volume])) === undefined)
      return {};
    const script = `cd ${RECORDS_FOLDER} && for f in *.json; do [ -f "$f" ] && printf '%s\\t' "$f" && tr -d '\\n' < "$f" && echo; done; true`;
    const text = await this.#run(script, true);
    return Object.fromEntries(
      text.split("\n").flatMap((line) => {
        const [file = "", content = ""] = line.split("\t");
        return parsedRecord(file, content);
      }),
    );
  }

  /** Writes each record whole or not at all. */
  async write(records: Readonly<Record<string, unknown>>): Promise<void> {
    const lines = Object.entries(records).map(([name, value]) => `${name}\t${JSON.stringify(value)}\n`);
    const script =
      `cd ${RECORDS_FOLDER} && while IFS="$(printf '\\t')" read -r name text; do ` +
      `printf '%s' "$text" > "$name.json.new" && mv "$name.json.new" "$name.json" || exit 1; done`;
    await this.#run(script, false, lines.join(""));
  }

  #run(script: string, readOnly: boolean, input?: string): Promise<string> {
    return this.#onHost
      ? this.#onHost(script, input)
      : this.#docker.run([...this.#container(readOnly), script], 60, input);
  }

  #container(readOnly: boolean): string[] {
    const mount = `${this.#volume}:${RECORDS_FOLDER}${readOnly ? ":ro" : ""}`;
    const shell = ["--user", "0:0", "--entrypoint", "sh", this.#image, "-c"];
    return ["run", "--rm", "-i", "--network", "none", "-v", mount, ...shell];
  }
}
