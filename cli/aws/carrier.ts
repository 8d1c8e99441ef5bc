/** What a release needs of AWS. */
import { databaseLogGroup } from "../../components/aws/database-log.ts";
import { seconds } from "../../components/shared/units.ts";
import { type Release, type ReleaseSettings, imageOf, recordedRelease } from "../../components/release.ts";
import type { AwsSettings } from "../../components/settings.ts";
import type {
  Carrier,
  CarrierUpdate,
  Digests,
  LogOptions,
  PartStatus,
  RecordStore,
  RoomCheck,
  ServiceImage,
  ShiftWatch,
  TrafficShift,
} from "../carrier.ts";
import type { StackContext } from "../deploy-context.ts";
import type { UpResult } from "../engine.ts";
import { KEPT_RELEASES, goodReleases, readLedger } from "../ledger.ts";
import type { Progress } from "../progress.ts";
import type { Deployment } from "../recovery.ts";
import { withoutMigrations } from "../rollout.ts";
import { outputsOf } from "../stack-state.ts";
import { openStack, update } from "../update.ts";
import { AlarmWatch } from "./alarm-watch.ts";
import { Assets, invalidate } from "./assets.ts";
import { RecordsBucket } from "./bucket.ts";
import { Clients } from "./clients.ts";
import { cloudWatchLog } from "./cloudwatch-log.ts";
import { functionLog, functionStatuses } from "./function-status.ts";
import { imagesInEcr } from "./images.ts";
import { bucketHolder, holdingBucket } from "./lock.ts";
import { DATABASE, type Parts, partsOf } from "./parts.ts";
import { PulledImages } from "./pulled-images.ts";
import { awsRecordsOf } from "./records.ts";
import { AliasShift } from "./shift.ts";

export class AwsCarrier implements Carrier {
  readonly #context: StackContext;
  readonly #settings: AwsSettings;
  readonly #clients: Clients;
  #moving: AliasShift | undefined;
  /** The stack's, which nobody else changes while it is held; read again after what changes it here. */
  #state: Promise<Deployment> | undefined;

  constructor(context: StackContext, settings: AwsSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#clients = new Clients(settings.region);
  }

  async holding<T>(what: string, work: () => Promise<T>): Promise<T> {
    const bucket = this.#bucket(await this.#outputs());
    return holdingBucket(bucket, this.#context.stack, what, () => {
      // Until now somebody else may have held it.
      this.#state = undefined;
      return work();
    });
  }

  async open(): Promise<{ restored: boolean }> {
    const opened = await openStack(this.#context.engine, undefined);
    this.#state = undefined;
    return opened;
  }

  records(outputs: Readonly<Record<string, unknown>>): RecordStore | undefined {
    return awsRecordsOf(this.#clients.s3, outputs);
  }

  /** Lambda has room for both. */
  room(): Promise<RoomCheck> {
    return Promise.resolve(() => []);
  }

  images(release: Pick<Release, "version" | "digests">, services: readonly ServiceImage[]): Promise<Digests> {
    return imagesInEcr(this.#clients.registry, this.#settings.architecture, release, services);
  }

  declaration(): Promise<null> {
    return Promise.resolve(null);
  }

  async traffic(): Promise<AlarmWatch> {
    return AlarmWatch.begin(this.#clients.metrics, await this.#parts());
  }

  async update(progress: Progress, options: CarrierUpdate): Promise<UpResult> {
    const updating = update(this.#context.engine, undefined, progress, options);
    const result = await updating.finally(() => (this.#state = undefined));
    await this.#bringAssets(result.outputs, progress);
    return result;
  }

  /** Before anybody is shown a page of the release. Without Docker the services answer for their files themselves. */
  async #bringAssets(outputs: UpResult["outputs"], progress: Progress): Promise<void> {
    const assets = await this.#assets(outputs);
    const release = recordedRelease(outputs.release);
    const sources = Object.entries(release?.settings?.services ?? {}).flatMap(([name, service]) =>
      service.assets && release ? [{ ...service.assets, image: imageOf(release, name, service.image) }] : [],
    );
    if (!assets || !release || sources.length === 0) return;
    const images = new PulledImages(this.#clients.registry);
    if (await images.available())
      await progress.step("Static files", (say) => assets.bring(release.id, sources, images, say));
    else progress.note("warning: there is no Docker here: static files stay with the services alone");
  }

  readonly shift: TrafficShift = {
    forward: async (atOnce: boolean, watch: ShiftWatch) => {
      const { steps, pause } = this.#settings.delivery;
      this.#moving = await AliasShift.to(this.#clients.lambda, (await this.#parts()).services);
      const pace = { steps: atOnce ? [] : steps, pauseSeconds: seconds(pause) };
      const stopped = await this.#moving.forward(pace, watch);
      if (stopped === undefined) await this.#forgetPages();
      return stopped;
    },
    back: async () => {
      await this.#moving?.back();
      await this.#forgetPages();
    },
  };

  async #forgetPages(): Promise<void> {
    const { distributionId } = await this.#parts();
    if (distributionId !== undefined) await invalidate(this.#clients.cdn, distributionId);
  }

  /** A migration that belongs to an older release would run on a schema which it does not know. */
  goingBack(settings: ReleaseSettings | undefined): ReleaseSettings | undefined {
    return settings && withoutMigrations(settings);
  }

  /** Images the registry's own rules remove; static files go as the releases do that they are of. */
  async prune(): Promise<string[]> {
    const outputs = await this.#outputs();
    const assets = await this.#assets(outputs);
    const { releases } = (await this.records(outputs)?.readAll()) ?? {};
    const kept = goodReleases(readLedger(releases)).slice(0, KEPT_RELEASES);
    await assets?.keepOnly(kept.map(({ id }) => id));
    return [];
  }

  copyState(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async holder(): Promise<string | undefined> {
    const bucket = this.#bucket(await this.#outputs());
    return bucket && bucketHolder(bucket);
  }

  async parts(): Promise<PartStatus[]> {
    const { services, databaseId } = await this.#parts();
    const ofDatabase = async () => {
      if (databaseId === undefined) return [];
      const { databaseStatus } = await import("./database-status.ts");
      return [await databaseStatus(this.#settings.region, databaseId)];
    };
    return (await Promise.all([functionStatuses(this.#clients.lambda, services), ofDatabase()])).flat();
  }

  async log({ name, part }: PartStatus, options: LogOptions, line: (text: string) => void): Promise<boolean> {
    const { services } = await this.#parts();
    const place =
      part === DATABASE
        ? { group: databaseLogGroup(name, "postgresql") }
        : functionLog(services.find(({ service }) => service === part)?.log ?? "", name);
    await cloudWatchLog(this.#clients.logs, place, options, line);
    return true;
  }

  maintenance(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async #assets(outputs: Readonly<Record<string, unknown>>): Promise<Assets | undefined> {
    const { assetsBucket } = await this.#parts();
    const records = this.#bucket(outputs);
    return assetsBucket === undefined || !records
      ? undefined
      : new Assets(this.#clients.s3, assetsBucket, records);
  }

  #bucket(outputs: Readonly<Record<string, unknown>>): RecordsBucket | undefined {
    return RecordsBucket.named(this.#clients.s3, outputs);
  }

  async #parts(): Promise<Parts> {
    return partsOf(await this.#read());
  }

  async #outputs(): Promise<Record<string, unknown>> {
    return outputsOf(await this.#read());
  }

  #read(): Promise<Deployment> {
    this.#state ??= this.#context.engine.state().then(
      (state) => state ?? {},
      (error: unknown) => {
        this.#state = undefined;
        throw error;
      },
    );
    return this.#state;
  }
}
