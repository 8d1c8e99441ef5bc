/** What a release needs of a cluster. */
import type { Release, ReleaseSettings } from "../../components/release.ts";
import type { KubernetesSettings } from "../../components/settings.ts";
import type {
  Carrier,
  CarrierUpdate,
  Digests,
  LogOptions,
  PartStatus,
  RecordStore,
  RoomCheck,
  TrafficLog,
} from "../carrier.ts";
import type { StackContext } from "../deploy-context.ts";
import { type UpResult, isNoRelease } from "../engine.ts";
import { failed, messageOf } from "../errors.ts";
import type { Progress } from "../progress.ts";
import { withoutMigrations } from "../rollout.ts";
import { openStack, update } from "../update.ts";
import { watched } from "../watched.ts";
import { adoptable } from "./adopt.ts";
import { type Cluster, clusterOf } from "./client.ts";
import { handedOver } from "./handover.ts";
import { watchImages } from "./image-watch.ts";
import { holdingNamespace, leaseHolder } from "./lease.ts";
import { podLog } from "./pod-log.ts";
import { podStatuses, troubles } from "./pods.ts";
import { ClusterRecords } from "./records.ts";
import { roomOnNodes } from "./room.ts";
import { PodTraffic } from "./traffic.ts";

export class ClusterCarrier implements Carrier {
  readonly #context: StackContext;
  readonly #cluster: Cluster;

  private constructor(context: StackContext, cluster: Cluster) {
    this.#context = context;
    this.#cluster = cluster;
  }

  static async of(context: StackContext, settings: KubernetesSettings): Promise<ClusterCarrier> {
    return new ClusterCarrier(context, await clusterOf(context.engine, settings));
  }

  holding<T>(what: string, work: () => Promise<T>): Promise<T> {
    return holdingNamespace(this.#cluster, what, work);
  }

  open(): Promise<{ restored: boolean }> {
    return openStack(this.#context.engine, undefined);
  }

  records({ statusRef }: Readonly<Record<string, unknown>>): RecordStore | undefined {
    return typeof statusRef === "string" ? new ClusterRecords(this.#cluster) : undefined;
  }

  room(): Promise<RoomCheck> {
    return roomOnNodes(this.#cluster);
  }

  /** The nodes pull: what a registry knows of a tag is not asked from here. */
  images({ digests }: Pick<Release, "digests">): Promise<Digests> {
    return Promise.resolve(digests);
  }

  declaration(): Promise<null> {
    return Promise.resolve(null);
  }

  traffic(): Promise<TrafficLog> {
    return PodTraffic.begin(this.#cluster);
  }

  async update(progress: Progress, options: CarrierUpdate): Promise<UpResult> {
    const abandoned = new AbortController();
    return watched(
      async (ended) => {
        const trouble = await watchImages(this.#cluster, ended);
        if (trouble !== undefined) abandoned.abort();
        return trouble;
      },
      async () => {
        const result = await update(this.#context.engine, undefined, progress, {
          ...options,
          adopt: (pending) => adoptable(this.#cluster, pending),
          abandoned: abandoned.signal,
        });
        await progress.step("Handing over", (say) => handedOver(this.#cluster, say));
        return result;
      },
      async (error, trouble) => {
        if (trouble !== undefined) throw failed(trouble, error);
        if (isNoRelease(error)) throw error;
        const why = await troubles(this.#cluster).catch(() => "");
        throw why === "" ? error : failed(`${why}\n${messageOf(error)}`, error);
      },
    );
  }

  /** A migration that belongs to an older release would run on a schema which it does not know. */
  goingBack(settings: ReleaseSettings | undefined): ReleaseSettings | undefined {
    return settings && withoutMigrations(settings);
  }

  /** The nodes clean up by themselves. */
  prune(): Promise<string[]> {
    return Promise.resolve([]);
  }

  copyState(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  holder(): Promise<string | undefined> {
    return leaseHolder(this.#cluster);
  }

  parts(): Promise<PartStatus[]> {
    return podStatuses(this.#cluster);
  }

  log(part: PartStatus, options: LogOptions, line: (text: string) => void): Promise<boolean> {
    return podLog(this.#cluster, part.name, options, line);
  }

  maintenance(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
