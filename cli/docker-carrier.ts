/** What a release needs of a machine with Docker. */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { RECORDS_FOLDER, recordsVolume } from "../components/docker/records.ts";
import type { Release, ReleaseSettings } from "../components/release.ts";
import type { VpsSettings } from "../components/settings.ts";
import type {
  Carrier,
  CarrierUpdate,
  Digests,
  LogOptions,
  PartStatus,
  RoomCheck,
  ServiceImage,
} from "./carrier.ts";
import { type Crash, watchForCrash } from "./crash-watch.ts";
import { type DockerContext, type StackContext, withDocker } from "./deploy-context.ts";
import { ownContainers } from "./docker.ts";
import { type UpResult, isNoRelease } from "./engine.ts";
import { failed, messageOf } from "./errors.ts";
import { type OnHost, holdingStack, lockHolder } from "./host-lock.ts";
import { tellingLastStart } from "./last-start.ts";
import { checkRoom, hostFacts, memoryInUse, memoryNeeded } from "./preflight.ts";
import type { Progress, Say } from "./progress.ts";
import { onProxy, proxyContainer } from "./proxy.ts";
import { type Records, recordsOf } from "./records.ts";
import { fetchImages, pruneImages } from "./release-images.ts";
import { type SchemaRevisions, readDeclaration } from "./schema-revisions.ts";
import { keepStateCopy } from "./state-copy.ts";
import { containersOf } from "./status.ts";
import { steppingAside } from "./step-aside.ts";
import { Traffic } from "./traffic.ts";
import { openStack, update } from "./update.ts";
import { watched } from "./watched.ts";

export class DockerCarrier implements Carrier {
  readonly #context: DockerContext;
  readonly #settings: VpsSettings;
  /** What holds the stack, and the volume of records that its container sees, if there is one. */
  #lock: { readonly onHost: OnHost; readonly volume: string | undefined } | undefined;
  /** Memory that each service takes now: asked for while the stack is being locked. */
  #inUse: ReturnType<typeof memoryInUse> | undefined;
  /** Name of the container that serves: asked for at the same time. */
  #proxy: ReturnType<typeof proxyContainer> | undefined;

  constructor(context: StackContext, settings: VpsSettings) {
    this.#context = withDocker(context);
    this.#settings = settings;
  }

  async holding<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { docker, engine } = this.#context;
    const image = this.#settings.images.nginx;
    const name = recordsVolume(engine.owner);
    // Mounting one that is not there would make it, without what Pulumi gives it.
    const known = docker.try(["volume", "inspect", name]);
    this.#inUse = memoryInUse(docker, engine.owner);
    this.#inUse.catch(() => undefined);
    this.#proxy = proxyContainer(this.#context);
    this.#proxy.catch(() => undefined);
    const volume = (await known) !== undefined ? { name, path: RECORDS_FOLDER } : undefined;
    return holdingStack(docker, engine.owner, { image, what, volume }, (onHost) => {
      this.#lock = { onHost, volume: volume?.name };
      return work();
    });
  }

  open(): Promise<{ restored: boolean }> {
    return openStack(this.#context.engine, this.#context.docker);
  }

  records(outputs: Readonly<Record<string, unknown>>): Records | undefined {
    return recordsOf(outputs, this.#context.docker, this.#settings.images.nginx, this.#lock);
  }

  async room(): Promise<RoomCheck> {
    if (!this.#lock || !this.#inUse) throw failed("the stack is not held");
    const [facts, inUse] = await Promise.all([hostFacts(this.#lock.onHost), this.#inUse]);
    return (release) => checkRoom(facts, memoryNeeded(release, inUse));
  }

  images(
    release: Pick<Release, "version" | "digests">,
    services: readonly ServiceImage[],
    say: Say,
  ): Promise<Digests> {
    return fetchImages(this.#context.docker, release, services, say);
  }

  declaration(image: string, path: string): Promise<SchemaRevisions> {
    return readDeclaration(this.#context.docker, image, path);
  }

  async traffic(): Promise<Traffic | undefined> {
    const proxy = await this.#proxy;
    return proxy === undefined ? undefined : new Traffic(this.#context.docker, proxy);
  }

  async update(progress: Progress, options: CarrierUpdate): Promise<UpResult> {
    const { engine, docker } = this.#context;
    // Listed while the update begins, which takes much longer: it makes its first container after it.
    const containers = docker.containers(engine.owner);
    const known = containers.then(
      (all) => new Set(all.map((one) => one.id)),
      () => undefined,
    );
    return watched<UpResult, Crash>(
      (ended) => {
        const started = tellingLastStart((id, lastStart) => this.#tellStart(id, lastStart), ended);
        const tell = (crash: Crash) => this.#abandon(crash, ended);
        return watchForCrash(docker, engine.owner, known, ended, tell, started);
      },
      () => steppingAside(docker, containers, () => update(engine, docker, progress, options)),
      (error, crash) => {
        if (!crash || isNoRelease(error)) throw error;
        throw failed(`${messageOf(error)}\nThe end of its log:\n${crash.log}`, error);
      },
    );
  }

  /** Tells the switch, which waits for the container to get healthy, that it never will. */
  async #abandon(crash: Crash, signal: AbortSignal): Promise<void> {
    const { docker, engine } = this.#context;
    const own = ownContainers(engine.owner, "switch");
    const script = 'printf %s "$1" > /tmp/abandoned';
    while (!signal.aborted) {
      const id = (await docker.try(["ps", "--quiet", ...own]))?.trim();
      if (id && (await docker.try(["exec", id, "sh", "-c", script, "sh", crash.reason])) !== undefined)
        return;
      await sleep(300, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Tells a switch that waits when the last container of its release was started. */
  #tellStart(id: string, lastStart: number): Promise<unknown> {
    const script = 'echo "$1" > /tmp/last-start.new && mv /tmp/last-start.new /tmp/last-start';
    return this.#context.docker.try(["exec", id, "sh", "-c", script, "sh", String(lastStart)]);
  }

  goingBack(settings: ReleaseSettings | undefined): ReleaseSettings | undefined {
    return settings;
  }

  prune(images: readonly string[]): Promise<string[]> {
    return pruneImages(this.#context.docker, images);
  }

  copyState(): Promise<string | undefined> {
    return keepStateCopy(this.#context.project, this.#context.stack);
  }

  holder(): Promise<string | undefined> {
    return lockHolder(this.#context.docker, this.#context.engine.owner);
  }

  parts(): Promise<PartStatus[]> {
    return containersOf(this.#context);
  }

  async log({ name }: PartStatus, options: LogOptions, line: (text: string) => void): Promise<boolean> {
    const { follow, tail, since } = options;
    const flags = [
      ...(follow ? ["--follow"] : []),
      ...["--timestamps", "--tail", String(tail ?? "all")],
      ...(since === undefined ? [] : ["--since", since]),
    ];
    const child = this.#context.docker.start(["logs", ...flags, name]);
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", line);
    return (await child).exitCode === 0;
  }

  async maintenance(): Promise<boolean | undefined> {
    const script = "[ -e /conf/maintenance ] && echo on || echo off";
    const word = await onProxy(this.#context, script).catch(() => undefined);
    return word === undefined ? undefined : word.trim() === "on";
  }
}
