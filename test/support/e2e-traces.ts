/** Every place where a stack leaves text behind: what a search for secrets has to go through. */
import { readFile, readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { listProcesses } from "../../cli/processes.ts";
import { REPOSITORY, run } from "./e2e-command.ts";
import { containers, docker, leftovers } from "./e2e-engine.ts";
import { inPulumiHome } from "./e2e-tools.ts";

export interface Trace {
  /** Where the text was found. */
  readonly where: string;
  readonly text: string;
}

/** What Docker tells about everything of the stack, and what its containers have written. */
export async function dockerTraces(): Promise<Trace[]> {
  const all = await containers();
  const { networks, volumes } = await leftovers("local");
  const images = [...new Set(all.map((one) => one.Config.Image))];
  const traces: Trace[] = [
    { where: "docker volume inspect", text: await docker("volume", "inspect", ...volumes) },
    { where: "docker network inspect", text: await docker("network", "inspect", ...networks) },
  ];
  for (const image of images) {
    traces.push({ where: `docker image inspect ${image}`, text: await docker("image", "inspect", image) });
    traces.push({ where: `docker history ${image}`, text: await docker("history", "--no-trunc", image) });
  }
  for (const { Id, Name } of all) {
    traces.push({ where: `docker inspect ${Name}`, text: await docker("inspect", Id) });
    // One that never ran has no log to read.
    const log = await run("docker", ["logs", Id], { cwd: REPOSITORY });
    traces.push({ where: `docker logs ${Name}`, text: log.all });
  }
  return traces;
}

/** Text of every file under a folder, but for packages and git's objects. */
export async function fileTraces(folder: string, since = 0): Promise<Trace[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const lists = entries.map(async (entry): Promise<Trace[]> => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ["node_modules", ".git"].includes(entry.name) ? [] : fileTraces(path, since);
    if (!entry.isFile()) return [];
    // Temporary files may be gone by now.
    const stats = await stat(path).catch(() => undefined);
    if (!stats || stats.mtimeMs < since) return [];
    return [{ where: relative(REPOSITORY, path), text: await readFile(path, "latin1").catch(() => "") }];
  });
  return (await Promise.all(lists)).flat();
}

/** Pulumi's own logs and workspaces that were written since a time. */
export async function pulumiTraces(since: number): Promise<Trace[]> {
  const lists = ["logs", "workspaces"].map((name) => fileTraces(inPulumiHome(name), since));
  return (await Promise.all(lists)).flat();
}

const PAUSE = 150;

/** Looks at what goes by: arguments of every process of the machine, and files in a folder for temporary ones. */
export class Sampler {
  readonly #temporary: string;
  readonly #arguments = new Set<string>();
  readonly #files = new Map<string, Trace>();
  readonly #work: Promise<void>;
  #stopped = false;

  constructor(temporary: string) {
    this.#temporary = temporary;
    this.#work = this.#sample();
  }

  async #sample(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      for (const { argv } of await listProcesses()) this.#arguments.add(argv.join(" "));
      if (turn % 4 === 0)
        for (const trace of await fileTraces(this.#temporary))
          this.#files.set(`${trace.where} ${trace.text.length}`, trace);
      await sleep(PAUSE);
    }
  }

  async stop(): Promise<Trace[]> {
    this.#stopped = true;
    await this.#work;
    const lines = [...this.#arguments].map((text) => ({ where: `arguments of ${text.slice(0, 60)}`, text }));
    return [...lines, ...this.#files.values()];
  }
}
