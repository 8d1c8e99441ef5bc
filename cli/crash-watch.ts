/**
 * Looks after the containers of a release that is being brought: one that crashes again and again, or runs out of
 * memory, will not get healthy, and the switch is told so instead of waiting out the time it has.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { LABEL, type Owner } from "../components/shared/labels.ts";
import { blotOut, secretWords } from "../components/shared/secret-text.ts";
import { SECRETS_FOLDER } from "../components/shared/secret-path.ts";
import { type ContainerStart, containerStarts } from "./container-starts.ts";
import type { Docker } from "./docker.ts";

/** Once may be an accident, such as a database that was just restarting. */
const RESTARTS = 2;
const LOG_LINES = 15;
/** Before Docker is asked again for what it would not tell. */
const PAUSE_MS = 700;

export interface Crash {
  readonly container: string;
  readonly service: string;
  /** Such as "restarted 2 times, exit code 1". */
  readonly reason: string;
  /** The end of its log. */
  readonly log: string;
}

interface Inspected {
  Id: string;
  Name: string;
  RestartCount: number;
  State: { ExitCode: number; OOMKilled: boolean };
  Config: { Image: string; Labels: Record<string, string> | null };
}

/** What the container reads as secrets, and the passwords in URLs among them: a crash may have printed them. */
async function secretsOf(docker: Docker, { Id, Config: { Image } }: Inspected): Promise<string[]> {
  const shell = ["--network", "none", "--user", "0:0", "--entrypoint", "sh", Image];
  const script = `for file in ${SECRETS_FOLDER}/*; do cat "$file"; echo; done`;
  const text = await docker.try(["run", "--rm", "--volumes-from", `${Id}:ro`, ...shell, "-c", script]);
  return text === undefined ? [] : secretWords(text);
}

/**
 * Resolves with the first container that crashes, once `tell` has told; with undefined when `signal` ends the watch.
 * @param known ids of containers that were there before; undefined where Docker did not tell: no crash is found then
 * @param started hears of every start
 */
export async function watchForCrash(
  docker: Docker,
  owner: Owner,
  known: Promise<ReadonlySet<string> | undefined>,
  signal: AbortSignal,
  tell: (crash: Crash) => Promise<void>,
  started: (start: ContainerStart) => void,
): Promise<Crash | undefined> {
  const look = async () => {
    const before = await known;
    const crash = before && (await findCrash(docker, owner, before));
    if (crash) await tell(crash);
    return crash;
  };
  while (!signal.aborted) {
    for await (const start of containerStarts(docker, owner, signal)) {
      started(start);
      const crash = start.again && (await look());
      if (crash) return crash;
    }
    // They end with Docker's daemon; what it did not tell is looked for.
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    const crash = signal.aborted ? undefined : await look();
    if (crash) return crash;
  }
  return undefined;
}

/** @param known ids of containers that were there before */
export async function findCrash(
  docker: Docker,
  owner: Owner,
  known: ReadonlySet<string>,
): Promise<Crash | undefined> {
  const ids = (await docker.containers(owner).catch(() => []))
    .filter((one) => !known.has(one.id) && !one.oneShot)
    .map((one) => one.id);
  if (ids.length === 0) return undefined;
  const text = await docker.try(["inspect", "--type", "container", ...ids]);
  const all = text === undefined ? [] : (JSON.parse(text) as Inspected[]);
  const bad = all.find((one) => one.RestartCount >= RESTARTS && one.Config.Labels?.[LABEL.service]);
  if (!bad) return undefined;
  const container = bad.Name.replace(/^\//, "");
  const { ExitCode: code, OOMKilled: outOfMemory } = bad.State;
  const how =
    outOfMemory || code === 137 ? ", out of memory or killed" : code > 0 ? `, exit code ${code}` : "";
  return {
    container,
    service: bad.Config.Labels?.[LABEL.service] ?? "",
    reason: `${container} was restarted ${bad.RestartCount} times${how}`,
    log: blotOut(await docker.logTail(bad.Id, LOG_LINES), await secretsOf(docker, bad)),
  };
}
