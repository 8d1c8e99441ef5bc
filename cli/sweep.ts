/** Removing from Docker what carries the stack's labels. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Owner } from "../components/shared/labels.ts";
import type { Docker, OwnedContainer } from "./docker.ts";
import type { Say } from "./progress.ts";
import type { Owned } from "./recovery.ts";

/** How long a container that is about to be removed may go on with what it cannot leave half done. */
const SETTLE_SECONDS = 60;
const STOP_SECONDS = 30;

/**
 * Waits for stray containers that are in the middle of something: a migration that runs, a database that initialises its
 * volume (killed there, the next one would find the volume half made and take it for a whole one).
 */
export async function settle(
  docker: Docker,
  owner: Owner,
  strays: readonly Owned[],
  say: Say,
): Promise<void> {
  const ids = new Set(strays.map((one) => one.id));
  for (let second = 0; ids.size > 0 && second < SETTLE_SECONDS; second += 1) {
    const busy = (await docker.containers(owner)).filter((one) => ids.has(one.id) && isBusy(one));
    if (busy.length === 0) return;
    say(`waiting for ${busy.map((one) => one.name).join(", ")} to come to rest`);
    await sleep(1000);
  }
}

/** Runs to its end and has not reached it, or is not yet known to be healthy or not. */
export function isBusy(container: OwnedContainer): boolean {
  return container.running && (container.oneShot || container.health === "starting");
}

/** Stops and removes, with anonymous volumes; named ones stay. Returns the names. */
export async function removeContainers(
  docker: Docker,
  containers: readonly Owned[],
  say: Say,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { id, name } of containers) {
    say(`removing container ${name}`);
    await docker.try(["stop", "--time", String(STOP_SECONDS), id], STOP_SECONDS + 30);
    // Removed meanwhile by Docker or a plugin is as good: what counts is that the next listing has it no more.
    await docker.try(["rm", "--force", "--volumes", id]);
    removed.push(name);
  }
  return removed;
}

/** Removes networks; one with a container in it that is not ours stays. Returns the names. */
export async function removeNetworks(docker: Docker, networks: readonly Owned[]): Promise<string[]> {
  const removed: string[] = [];
  for (const { id, name } of networks) {
    await detachGhosts(docker, id);
    if ((await docker.try(["network", "rm", id])) !== undefined) removed.push(name);
  }
  return removed;
}

/**
 * Takes out of a network what Docker keeps there of containers that no longer exist: one that was removed in the middle
 * of its start can leave its endpoint behind, and Docker then refuses for ever to remove the network.
 */
export async function detachGhosts(docker: Docker, network: string): Promise<void> {
  const text = await docker.try(["network", "inspect", "--format", "{{json .Containers}}", network]);
  const endpoints = JSON.parse(text ?? "null") as Record<string, { Name: string }> | null;
  for (const { Name: name } of Object.values(endpoints ?? {})) {
    if ((await docker.try(["inspect", "--type", "container", "--format", "{{.Id}}", name])) !== undefined)
      continue;
    await docker.try(["network", "disconnect", "--force", network, name]);
  }
}

/** What was removed, by name. */
export interface Swept {
  readonly containers: string[];
  readonly networks: string[];
  readonly volumes: string[];
  readonly images: string[];
  /** Containers of another stack run them. */
  readonly keptImages: string[];
}

/** Everything of a stack that is being destroyed, data and images included. Returns what was there, by kind. */
export async function sweepAll(docker: Docker, owner: Owner, say: Say): Promise<Swept> {
  const containers = await removeContainers(docker, await docker.containers(owner), say);
  const networks = await removeNetworks(docker, await docker.networks(owner));
  const volumes: string[] = [];
  for (const { name } of await docker.volumes(owner)) {
    say(`removing volume ${name}`);
    await docker.run(["volume", "rm", name]);
    volumes.push(name);
  }
  return { containers, networks, volumes, ...(await removeImages(docker, await docker.images(owner))) };
}

/** By id and forced, since one image may carry several tags. Those that containers of another stack run are kept. */
async function removeImages(docker: Docker, found: readonly Owned[]) {
  const images: string[] = [];
  const keptImages: string[] = [];
  const gone = new Set<string>();
  for (const { id, name } of found) {
    if (gone.has(id) || (await docker.try(["image", "rm", "--force", id])) !== undefined) {
      gone.add(id);
      images.push(name);
    } else keptImages.push(name);
  }
  return { images, keptImages };
}
