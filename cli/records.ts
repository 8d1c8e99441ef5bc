/** The records of a stack on its host (components/docker/records.ts): reading and writing files of JSON there. */
import { RECORDS_FOLDER } from "../components/docker/records.ts";
import type { RecordStore } from "./carrier.ts";
import type { Docker } from "./docker.ts";

/** The records that the outputs name; undefined before there are any. */
export function recordsOf(
  outputs: Readonly<Record<string, unknown>>,
  docker: Docker,
  image: string,
): Records | undefined {
  const { statusRef } = outputs;
  const [, volume] = /^file:(\S+)$/.exec(typeof statusRef === "string" ? statusRef : "") ?? [];
  return volume === undefined ? undefined : new Records(docker, volume, image);
}

/** One stack's records. */
export class Records implements RecordStore {
  readonly #docker: Docker;
  readonly #volume: string;
  readonly #image: string;

  /** @param image one that the host has, with a shell */
  constructor(docker: Docker, volume: string, image: string) {
    this.#docker = docker;
    this.#volume = volume;
    this.#image = image;
  }

  /** Every record by its file's name without `.json`; one that is no JSON is left out. */
  async readAll(): Promise<Readonly<Record<string, unknown>>> {
    if ((await this.#docker.try(["volume", "inspect", this.#volume])) === undefined) return {};
    const script = `cd ${RECORDS_FOLDER} && for f in *.json; do [ -f "$f" ] && printf '%s\\t' "$f" && tr -d '\\n' < "$f" && echo; done; true`;
    const text = await this.#docker.run([...this.#container(true), script]);
    return Object.fromEntries(text.split("\n").flatMap(parsed));
  }

  /** Writes each record whole or not at all. */
  async write(records: Readonly<Record<string, unknown>>): Promise<void> {
    const lines = Object.entries(records).map(([name, value]) => `${name}\t${JSON.stringify(value)}\n`);
    const script =
      `cd ${RECORDS_FOLDER} && while IFS="$(printf '\\t')" read -r name text; do ` +
      `printf '%s' "$text" > "$name.json.new" && mv "$name.json.new" "$name.json" || exit 1; done`;
    await this.#docker.run([...this.#container(false), script], 60, lines.join(""));
  }

  #container(readOnly: boolean): string[] {
    const mount = `${this.#volume}:${RECORDS_FOLDER}${readOnly ? ":ro" : ""}`;
    const shell = ["--user", "0:0", "--entrypoint", "sh", this.#image, "-c"];
    return ["run", "--rm", "-i", "--network", "none", "-v", mount, ...shell];
  }
}

function parsed(line: string): [string, unknown][] {
  const [file = "", text = ""] = line.split("\t");
  try {
    return [[file.replace(/\.json$/, ""), JSON.parse(text) as unknown]];
  } catch {
    return [];
  }
}
