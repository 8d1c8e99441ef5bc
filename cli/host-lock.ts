/**
 * One rollout at a time, whoever runs it from wherever. The backend's own lock covers single updates only, and says
 * nothing to a backend elsewhere; this one is a container on the host that lives as long as the command that made it:
 * when that is killed, its stdin closes and Docker removes the container.
 */
import { hostname, userInfo } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Owner } from "../components/shared/labels.ts";
import type { Docker } from "./docker.ts";
import { failed } from "./errors.ts";
import { HeldError } from "./held.ts";

const HOLDER = "dev.tristack.lock";
/** Docker takes a moment to remove a container whose command was killed. */
const PATIENCE_SECONDS = 3;
const START_SECONDS = 60;

export function whoami(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** Who holds the stack, and what for; undefined when nobody does. */
export async function lockHolder(docker: Docker, owner: Owner): Promise<string | undefined> {
  const format = `{{index .Config.Labels "${HOLDER}"}}`;
  return (await docker.try(["inspect", "--type", "container", "--format", format, nameOf(owner)]))?.trim();
}

/** A shell script on the host, in the lock's own container: running it there takes a fifth of a container of its own. */
export type OnHost = (script: string, input?: string) => Promise<string>;

export interface LockOptions {
  /** One that has a shell. */
  readonly image: string;
  readonly what: string;
  /** A volume that the container sees, at this path. */
  readonly volume?: { readonly name: string; readonly path: string };
}

/** Runs `work` while holding the stack. */
export async function holdingStack<T>(
  docker: Docker,
  owner: Owner,
  options: LockOptions,
  work: (run: OnHost) => Promise<T>,
): Promise<T> {
  const holder = `${options.what} by ${whoami()} (pid ${process.pid}) since ${new Date().toISOString()}`;
  const lock = await take(docker, owner, options, holder);
  try {
    return await work((script, input) =>
      docker.run(
        ["exec", ...(input === undefined ? [] : ["-i"]), nameOf(owner), "sh", "-c", script],
        undefined,
        input,
      ),
    );
  } finally {
    lock.release();
    await lock.ended;
  }
}

async function take(docker: Docker, owner: Owner, { image, volume }: LockOptions, holder: string) {
  const end = Date.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const name = nameOf(owner);
    const labels = ["--label", `${HOLDER}=${holder}`];
    const args = ["run", "--rm", "--interactive", "--init", "--name", name, ...labels, "--network", "none"];
    const mount = volume ? ["--volume", `${volume.name}:${volume.path}`] : [];
    const shell = ["--entrypoint", "sh", image, "-c", "echo held; cat >/dev/null"];
    const lock = docker.start([...args, ...mount, "--user", "0:0", ...shell]);
    const problem = await held(lock);
    // Killed, and not asked: Docker removes the container by itself, and nobody need wait for that.
    if (problem === undefined)
      return { release: () => lock.kill("SIGKILL"), ended: lock.then(() => undefined) };
    docker.throwIfRefused(problem);
    if (!/is already in use/.test(problem)) throw failed(`docker run: ${problem}`);
    if (Date.now() > end) {
      const by = (await lockHolder(docker, owner)) ?? "another command";
      throw new HeldError(
        `The stack ${owner.stack} is held: ${by}. Nothing was changed; wait until it has ended.`,
      );
    }
    await sleep(500);
  }
}

/** Undefined once the container runs; otherwise Docker's words. */
function held(lock: ReturnType<Docker["start"]>): Promise<string | undefined> {
  return new Promise((resolve) => {
    let told = "";
    const timer = setTimeout(() => resolve(`no answer within ${START_SECONDS} s`), START_SECONDS * 1000);
    lock.stderr.on("data", (part: Buffer) => (told += part.toString()));
    lock.stdout.once("data", () => resolve(undefined));
    void lock.then(() => resolve(told.trim() || "it ended at once")).finally(() => clearTimeout(timer));
  });
}

function nameOf({ project, stack }: Owner): string {
  return `${project}-${stack}-lock`;
}
