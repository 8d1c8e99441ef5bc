/**
 * Bringing a release to a stack, watched all the way: update, switch, bake, and back to the release before when anything
 * of it fails. `tristack deploy` and `tristack rollback` are this, with different releases.
 */
import { urlsOf } from "../components/outputs.ts";
import { type RecordedRelease, type ReleaseSettings, recordedRelease } from "../components/release.ts";
import type { ApplicationSettings, ReleaseSetting } from "../components/settings.ts";
import { seconds } from "../components/shared/units.ts";
import { type Bounds, type Sight, bake, judge } from "./bake.ts";
import type { Carrier, TrafficLog } from "./carrier.ts";
import type { StackContext } from "./deploy-context.ts";
import { isNoRelease } from "./engine.ts";
import { messageOf } from "./errors.ts";
import { Probe, type ProbeReport } from "./probe.ts";
import type { Progress } from "./progress.ts";
import { usingRelease } from "./release-file.ts";
import { interruptible } from "./signals.ts";
import type { TrafficReport } from "./traffic.ts";

export interface RolloutPlan {
  readonly settings: ApplicationSettings;
  /** What to run. */
  readonly target: ReleaseSetting;
  /** What runs; undefined before the first release. */
  readonly before: RecordedRelease | undefined;
  readonly bakeSeconds: number;
  /** The stack's state had been damaged, and a backup was put back. */
  readonly restored: boolean;
}

export interface RolloutResult {
  readonly passed: boolean;
  /** Id of the release that was brought; null when it never got that far. */
  readonly releaseId: string | null;
  /** Why it did not pass. */
  readonly reason: string | null;
  /** Whether the release before serves again, with nothing of the other left. */
  readonly wentBack: boolean;
  readonly probe: ProbeReport;
  readonly traffic: TrafficReport;
  /** Seconds by phase. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** When its last update wrote the state. */
  readonly stateTime: string | undefined;
}

export class Rollout {
  readonly #context: StackContext;
  readonly #carrier: Carrier;
  readonly #plan: RolloutPlan;
  readonly #progress: Progress;
  readonly #seconds: Record<string, number> = {};
  #releaseId: string | null = null;
  #outputs: Readonly<Record<string, unknown>> = {};
  #stateTime: string | undefined;
  #switchedAt = 0;

  constructor(context: StackContext, carrier: Carrier, plan: RolloutPlan, progress: Progress) {
    this.#context = context;
    this.#carrier = carrier;
    this.#plan = plan;
    this.#progress = progress;
  }

  /** Does not throw for what is the release's fault: that is in the result. */
  async run(): Promise<RolloutResult> {
    const { before, settings } = this.#plan;
    const urls = probedUrls(settings);
    // Before the first release there is nothing to ask.
    const probe = new Probe(before ? urls : [], !knownToEverybody(settings));
    const traffic = before && (await this.#carrier.traffic());
    let reason: string | null = null;
    let wentBack = false;
    try {
      reason = (await this.#bring(probe, traffic)) ?? null;
      if (reason !== null && before) wentBack = await this.#goBack(before, reason);
    } finally {
      await Promise.all([probe.stop(), traffic?.stop()]);
    }
    return {
      passed: reason === null,
      releaseId: this.#releaseId,
      reason,
      wentBack,
      probe: probe.report(),
      traffic: this.#traffic(traffic),
      seconds: { ...this.#seconds },
      outputs: this.#outputs,
      stateTime: this.#stateTime,
    };
  }

  /** Why the release did not pass; undefined when it did. */
  async #bring(probe: Probe, traffic: TrafficLog | undefined): Promise<string | undefined> {
    const { target, before, bakeSeconds } = this.#plan;
    const first = firstUpdate(this.#plan);
    const problem = await this.#up("update", first, `Bringing ${target.version}`);
    if (problem !== undefined) return problem;
    this.#switchedAt = Date.now();
    this.#releaseId = recordedRelease(this.#outputs.release)?.id ?? null;
    if (!before) return undefined;
    const stopped = this.#carrier.shift && (await this.#timed("shift", () => this.#shift(probe, traffic)));
    if (stopped !== undefined) return stopped;
    const reason =
      bakeSeconds === 0 ? undefined : await this.#timed("bake", () => this.#bake(probe, traffic));
    if (reason !== undefined || !first.previous) return reason;
    return this.#up("cleanup", target, `Stopping ${before.version}`);
  }

  /** One update. Why it failed; undefined when it did not. */
  async #up(phase: string, release: ReleaseSetting, title: string): Promise<string | undefined> {
    const { project, file } = this.#context;
    const { restored } = this.#plan;
    try {
      const { outputs, stateTime } = await this.#timed(phase, () =>
        usingRelease(project, file, release, (configFile) =>
          this.#carrier.update(this.#progress, { restored, configFile, title }),
        ),
      );
      this.#outputs = outputs;
      this.#stateTime = stateTime;
      return undefined;
    } catch (error) {
      if (isNoRelease(error)) throw error;
      return messageOf(error);
    }
  }

  #bake(probe: Probe, traffic: TrafficLog | undefined): Promise<string | undefined> {
    const { bakeSeconds, target } = this.#plan;
    return interruptible(this.#progress.note, (signal) =>
      this.#progress.step(`Watching ${target.version} for ${bakeSeconds} s`, (say) =>
        bake(this.#bounds(), () => this.#sight(probe, traffic), say, signal),
      ),
    );
  }

  /** Where an update leaves the traffic where it was: all of it to the release, in steps unless that one is known to be good. */
  #shift(probe: Probe, traffic: TrafficLog | undefined): Promise<string | undefined> {
    const { target } = this.#plan;
    const verdict = () => judge(this.#sight(probe, traffic), this.#bounds());
    const atOnce = target.restored !== undefined;
    return interruptible(this.#progress.note, (signal) =>
      this.#progress.step(`Traffic to ${target.version}`, async (say) =>
        this.#carrier.shift?.forward(atOnce, { verdict, say, signal }),
      ),
    );
  }

  #bounds(): Bounds {
    const { bakeSeconds, settings } = this.#plan;
    const { maxErrors, maxP99 } = settings.delivery;
    return { seconds: bakeSeconds, maxErrors, maxP99Milliseconds: seconds(maxP99) * 1000 };
  }

  #sight(probe: Probe, traffic: TrafficLog | undefined): Sight {
    return {
      probe: probe.report(this.#switchedAt),
      traffic: this.#traffic(traffic),
      trouble: traffic?.trouble?.(),
    };
  }

  /** Puts the release before back, with the settings it had. True when it serves and nothing of the other is left. */
  async #goBack(before: RecordedRelease, reason: string): Promise<boolean> {
    this.#progress.note(`${reason}\nGoing back to ${before.version}.`);
    const { version, commit, digests, settings } = before;
    await this.#shiftBack(version);
    const problem = await this.#up(
      "back",
      { version, commit, digests, restored: this.#carrier.goingBack(settings) },
      `Back to ${version}`,
    );
    if (problem === undefined) return true;
    this.#progress.note(
      `${version} could not be put back completely: ${problem}\nWhat ran was not stopped. ` +
        `Once the cause is mended: npx tristack rollback ${this.#context.stack}`,
    );
    return false;
  }

  /** Nobody has to wait for an update for that; one that fails is made good by the update. */
  async #shiftBack(version: string): Promise<void> {
    const { shift } = this.#carrier;
    if (!shift) return;
    try {
      await this.#timed("traffic", () =>
        this.#progress.step(`Traffic back to ${version}`, () => shift.back()),
      );
    } catch (error) {
      this.#progress.note(`the traffic could not be brought back at once: ${messageOf(error)}`);
    }
  }

  #traffic(traffic: TrafficLog | undefined): TrafficReport {
    return traffic && this.#releaseId !== null ? traffic.of(this.#releaseId) : { requests: 0, failed: 0 };
  }

  async #timed<T>(phase: string, work: () => Promise<T>): Promise<T> {
    const began = Date.now();
    try {
      return await work();
    } finally {
      this.#seconds[phase] = Math.round((Date.now() - began) / 100) / 10;
    }
  }
}

/** What the first update brings: where there is a bake, or traffic to be shifted, the release before runs on beside it. */
export function firstUpdate({ target, before, bakeSeconds, settings }: RolloutPlan): ReleaseSetting {
  const baked = settings.target === "vps" && settings.delivery.keepPrevious && bakeSeconds > 0;
  if (!(baked || settings.target === "aws") || !before?.settings) return target;
  const { id, version, commit, digests } = before;
  return { ...target, previous: { id, version, commit, digests, settings: before.settings } };
}

/** Whether clients trust the certificate as they come: neither one of the stack's own nor one of a private issuer. */
function knownToEverybody(settings: ApplicationSettings): boolean {
  // AWS' own.
  if (settings.target === "aws") return true;
  const { certificates, environment } = settings;
  if (certificates.issuer === "letsencrypt") return certificates.authority === undefined;
  return certificates.issuer === "cert-manager" && environment.kind !== "local";
}

/** What a release changes: a web that is elsewhere says nothing of it. */
export function probedUrls(settings: ApplicationSettings): string[] {
  const { web, health } = urlsOf(settings);
  const { origin } = new URL(health);
  const paths = [...(origin === web ? ["/"] : []), ...settings.delivery.probe];
  return [...new Set([health, ...paths.map((path) => `${origin}${path}`)])];
}

/** The settings of a release without its migrations: going back runs none. */
export function withoutMigrations({ services, proxy }: ReleaseSettings): ReleaseSettings {
  const kept = structuredClone(services);
  for (const service of Object.values(kept)) delete service.migrate;
  return { services: kept, proxy };
}
