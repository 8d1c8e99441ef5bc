/** What a release needs of whatever carries the stack: a machine with Docker, a cluster, or AWS. */
import type { Release, ReleaseSettings } from "../components/release.ts";
import type { ApplicationSettings } from "../components/settings.ts";
import type { StackContext } from "./deploy-context.ts";
import type { UpResult } from "./engine.ts";
import type { Progress, Say } from "./progress.ts";
import type { SchemaRevisions } from "./schema-revisions.ts";
import type { TrafficReport } from "./traffic.ts";

export interface Carrier {
  /** Runs `work` while nobody else releases anything to the stack. @throws CliError that names who does */
  holding<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Creates the stack if the backend has none. @returns whether its state was damaged, and a backup put back */
  open(): Promise<{ restored: boolean }>;
  /** Where ledger and status are kept; undefined while the outputs name no place. */
  records(outputs: Readonly<Record<string, unknown>>): RecordStore | undefined;
  /** Begins to look how much room there is. */
  room(): Promise<RoomCheck>;
  /** Digests of the release's images, as far as they can be known. @throws CliError where one cannot be had */
  images(
    release: Pick<Release, "version" | "digests">,
    services: readonly ServiceImage[],
    say: Say,
  ): Promise<Digests>;
  /** What an image declares of the database schemas that it works with; null where nobody can look into it from here. */
  declaration(image: string, path: string): Promise<SchemaRevisions | null>;
  /** Counts what everybody sees of the site from now on; undefined where nothing tells. */
  traffic(): Promise<TrafficLog | undefined>;
  /** One update. @throws CliError with what failed, the end of its log included */
  update(progress: Progress, options: CarrierUpdate): Promise<UpResult>;
  /** How the traffic comes to what an update made; undefined where the update itself sees to that. */
  readonly shift?: TrafficShift;
  /** The settings that bring a release back which ran before. */
  goingBack(settings: ReleaseSettings | undefined): ReleaseSettings | undefined;
  /** Removes images of old releases. Returns the names of those that went. */
  prune(images: readonly string[]): Promise<string[]>;
  /** Copies the stack's state to where it can be rebuilt from; undefined where the settings ask for none. */
  copyState(): Promise<string | undefined>;
  /** Who releases something at the moment; undefined when nobody does. */
  holder(): Promise<string | undefined>;
  /** What runs of the stack, every part of it. */
  parts(): Promise<PartStatus[]>;
  /** Reads the log of one of them, line by line. @returns whether it could be read to its end */
  log(part: PartStatus, options: LogOptions, line: (text: string) => void): Promise<boolean>;
  /** Whether visitors get a page of maintenance; undefined where that cannot be known. */
  maintenance(): Promise<boolean | undefined>;
}

/** Warnings. @throws CliError where a second release would not fit beside the first */
export type RoomCheck = (release: ReleaseSettings) => string[];
export type Digests = Readonly<Record<string, string>>;

export interface ServiceImage {
  readonly service: string;
  /** Without tag or digest. */
  readonly repository: string;
}

export interface CarrierUpdate {
  /** The stack's state had been damaged, and a backup was put back. */
  readonly restored: boolean;
  /** Settings in place of the stack's own file. */
  readonly configFile: string;
  readonly title: string;
}

/** The stack's records: the ledger as `releases`, the last deploy as `deploy`, and what its jobs write. */
export interface RecordStore {
  readAll(): Promise<Readonly<Record<string, unknown>>>;
  write(records: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface TrafficLog {
  of(releaseId: string): TrafficReport;
  /** What the target itself finds wrong since the log began, such as an alarm that rings. */
  trouble?(): string | undefined;
  stop(): Promise<void>;
}

export interface TrafficShift {
  /**
   * Brings it to what the last update made, bit by bit.
   * @param atOnce without the steps in between
   * @returns why it was stopped halfway; undefined once all of it is there
   */
  forward(atOnce: boolean, watch: ShiftWatch): Promise<string | undefined>;
  /** Brings all of it to where it was before, at once. */
  back(): Promise<void>;
}

export interface ShiftWatch {
  /** Why the release has failed by now; undefined while it has not. */
  readonly verdict: () => string | undefined;
  readonly say: Say;
  readonly signal: AbortSignal;
}

export interface LogOptions {
  /** Go on until the command is ended. */
  readonly follow: boolean;
  /** Last lines; undefined: all. */
  readonly tail: number | undefined;
  /** A time, or how long ago, such as 10m. */
  readonly since: string | undefined;
}

/** One container, pod or version of a function. */
export interface PartStatus {
  readonly name: string;
  /** Resource or service, such as `web` or `postgres`. */
  readonly part: string;
  /** In its carrier's words, such as "Up 2 hours (healthy)" or "Running, not ready". */
  readonly status: string;
  readonly version: string | null;
}

/** Loaded when needed: the client of a cluster takes a moment. */
export async function carrierOf(context: StackContext, settings: ApplicationSettings): Promise<Carrier> {
  if (settings.target === "kubernetes") {
    const { ClusterCarrier } = await import("./kubernetes/carrier.ts");
    return ClusterCarrier.of(context, settings);
  }
  if (settings.target === "aws") {
    const { AwsCarrier } = await import("./aws/carrier.ts");
    return new AwsCarrier(context, settings);
  }
  const { DockerCarrier } = await import("./docker-carrier.ts");
  return new DockerCarrier(context, settings);
}
