/** A release from lock to record: what `tristack deploy` and `tristack rollback` share. */
import type { Outputs } from "../components/outputs.ts";
import { type RecordedRelease, imageOf, recordedRelease, releaseSettingsOf } from "../components/release.ts";
import type { ApplicationSettings, ReleaseSetting } from "../components/settings.ts";
import { carrierOf } from "./carrier.ts";
import { type Running, type StackContext, whatRuns } from "./deploy-context.ts";
import { seconds } from "../components/shared/units.ts";
import { badInput, messageOf } from "./errors.ts";
import { onceFree } from "./held.ts";
import { runHook } from "./hooks.ts";
import { whoami } from "./host-lock.ts";
import { type Entry, imagesToRemove, withEntry } from "./ledger.ts";
import { exclusively } from "./mutex.ts";
import { createProgress } from "./progress.ts";
import { type Preparation, type Prepared, prepare, settingsOf } from "./release-preparation.ts";
import { releasedElsewhere } from "./released-elsewhere.ts";
import { Rollout, firstUpdate, type RolloutResult } from "./rollout.ts";
import { isSameProgram, programFingerprint } from "./same-program.ts";
import { proofWarning } from "./restore-proof.ts";
import { type SchemaRevisions, incompatibility } from "./schema-revisions.ts";
import { liveStatus } from "./status.ts";

export type LastDeploy = NonNullable<NonNullable<Outputs["status"]>["lastDeploy"]>;

/** What is to be released. */
export interface Order {
  readonly kind: "deploy" | "rollback";
  /** Decides, once the stack is held, which release it is to be. */
  readonly choose: (running: Running) => ReleaseSetting | Promise<ReleaseSetting>;
  /** @default that of the settings */
  readonly bakeSeconds?: number;
  /** How long to wait while somebody else is at the stack. @default 0: refuse at once */
  readonly waitSeconds?: number;
}

export interface Released {
  readonly stack: string;
  readonly version: string;
  readonly releaseId: string | null;
  /** Version that ran before; null before the first. */
  readonly before: string | null;
  /** Version that runs now; null if that is not known. */
  readonly runs: string | null;
  readonly lastDeploy: LastDeploy;
  readonly warnings: readonly string[];
  readonly prunedImages: readonly string[];
}

interface Job extends Preparation {
  readonly order: Order;
  readonly warnings: string[];
}

/** Releases, or throws before anything was changed. What failed afterwards is in the result. */
export async function release(
  context: StackContext,
  settings: ApplicationSettings,
  order: Order,
): Promise<Released> {
  const { project, stack, engine } = context;
  if (settings.target === "kubernetes" && settings.gitops)
    throw badInput(
      `${stack} has gitops: what runs is what Git says; set release.version, run \`tristack render\`, and commit both`,
    );
  const progress = createProgress();
  const elsewhere = releasedElsewhere(settings);
  if (elsewhere !== undefined) progress.note(elsewhere);
  engine.warmUp(settings.target);
  const carrier = await carrierOf(context, settings);
  return onceFree(order.waitSeconds ?? 0, progress.note, () =>
    exclusively(project, stack, () =>
      carrier.holding(`tristack ${order.kind}`, () =>
        held({ context, carrier, order, progress, warnings: [] }),
      ),
    ),
  );
}

async function held(job: Job): Promise<Released> {
  const { context, carrier, order, progress, warnings } = job;
  const { project } = context;
  // It takes a moment to tell what is in use: meanwhile the rest is looked up.
  const room = carrier.room();
  room.catch(() => undefined);
  const opened = await carrier.open();
  const running = await progress.step("What runs", () => whatRuns(context, carrier));
  const before = running.release;
  const asked = await order.choose(running);
  const settings = await settingsOf(job, asked);
  const bakeSeconds = order.bakeSeconds ?? seconds(settings.delivery.bake);
  const planFor = (target: ReleaseSetting) => ({
    settings,
    target,
    before,
    bakeSeconds,
    restored: opened.restored,
  });
  // Before the update: what is edited meanwhile is not what it was made from.
  const program = programFingerprint(context);
  const previewed = order.kind === "deploy" && !(await bringsTheReleaseAlone(program, running));
  const first = previewed ? firstUpdate(planFor(asked)) : undefined;
  const checked = await prepare(job, settings, asked, first);
  const { target } = checked;
  const plan = planFor(target);
  const { ledger, records } = await running.history;
  if (checked.schema) warnings.push(...schemaWarnings(ledger, before, checked.schema));
  if (order.kind === "deploy") {
    const { lastVerifiedRestore } = liveStatus(records);
    const warning = proofWarning(settings, lastVerifiedRestore, new Date());
    if (warning !== undefined) warnings.push(warning);
  }
  const roomFor = await progress.step("Preflight: room for a second release", () => room);
  warnings.push(...roomFor(releaseSettingsOf(settings)));
  const about = { STACK: context.stack, VERSION: target.version, PREVIOUS: before?.version ?? "" };
  await runHook(project, "before", settings.delivery.hooks.before, about);

  const began = Date.now();
  const result = await new Rollout(context, carrier, plan, progress).run();
  const total = Math.round((Date.now() - began) / 100) / 10;
  const lastDeploy = recordOf(order, target, result, total);
  const prunedImages = await progress.step("Recording", () =>
    record(job, checked, result, lastDeploy, running, program),
  );
  if (settings.target === "vps" && settings.backup?.recoveryKey !== undefined) await copyState(job);
  await afterwards(job, settings, result, { ...about, RELEASE: result.releaseId ?? "" });
  const runs = recordedRelease(result.outputs.release)?.version ?? before?.version ?? null;
  const { version } = target;
  const { stack } = context;
  return {
    stack,
    version,
    releaseId: result.releaseId,
    before: before?.version ?? null,
    runs,
    lastDeploy,
    warnings,
    prunedImages,
  };
}

/** A ledger that cannot be read now is no reason to stop yet: it is awaited again where it is needed. */
async function bringsTheReleaseAlone(program: string, running: Running): Promise<boolean> {
  const { ledger } = await running.history.catch(() => ({ ledger: [] }));
  return isSameProgram(ledger.at(-1), program, running.stateTime);
}

/** The schema as the last deploy has left it, be it that the deploy itself was given up: its migrations may have run. */
export function schemaNow(ledger: readonly Entry[]): SchemaRevisions | null {
  return ledger.findLast((one) => one.kind === "deploy" && one.schema !== null)?.schema ?? null;
}

function schemaWarnings(
  ledger: readonly Entry[],
  before: RecordedRelease | undefined,
  schema: SchemaRevisions,
): string[] {
  const old = ledger.findLast((one) => one.id === before?.id)?.schema ?? null;
  const reason = incompatibility(old, schema);
  return reason && before ? [`there will be no way back to ${before.version}: ${reason}`] : [];
}

function recordOf(order: Order, target: ReleaseSetting, result: RolloutResult, total: number): LastDeploy {
  const { requests, failed: failures, retried, p99Milliseconds } = result.probe;
  const seconds = { ...result.seconds, total };
  return {
    at: new Date().toISOString(),
    releaseId: result.releaseId ?? target.version,
    version: target.version,
    kind: order.kind,
    passed: result.passed,
    reason: result.reason?.split("\n")[0] ?? null,
    by: whoami(),
    proof: { requests, failed: failures, retried, p99Milliseconds, traffic: result.traffic, seconds },
  };
}

/** Writes ledger and status, and removes the images of releases that fell out of the ledger. Returns those. */
async function record(
  { carrier, order, warnings }: Job,
  { settings, target, schema }: Prepared,
  result: RolloutResult,
  lastDeploy: LastDeploy,
  running: Running,
  fingerprint: string,
): Promise<string[]> {
  const store = carrier.records({ ...running.outputs, ...result.outputs });
  if (!store) return [];
  const images = Object.entries(settings.services).map(([name, { image }]) => [
    name,
    imageOf(target, name, image),
  ]);
  const { at, by, passed, releaseId } = lastDeploy;
  const entry: Entry = {
    id: releaseId,
    version: target.version,
    commit: target.commit ?? null,
    digests: target.digests,
    images: Object.fromEntries(images) as Record<string, string>,
    settings: releaseSettingsOf(settings),
    // A rollback runs no migration, and so says nothing about the schema; which of them it works with stays known.
    schema,
    at,
    by,
    kind: order.kind,
    passed,
    ...(result.stateTime === undefined ? {} : { program: { fingerprint, stateTime: result.stateTime } }),
    reason: lastDeploy.reason,
  };
  try {
    const ledger = withEntry((await running.history).ledger, entry);
    await store.write({ releases: ledger, deploy: lastDeploy });
    return passed ? await carrier.prune(imagesToRemove(ledger, releaseId)) : [];
  } catch (error) {
    warnings.push(`the release could not be recorded: ${messageOf(error)}`);
    return [];
  }
}

/** What a rebuild would start from. */
async function copyState({ carrier, progress, warnings }: Job): Promise<void> {
  try {
    const word = await progress.step("Copy of the state", () => carrier.copyState());
    if (word !== undefined && word !== "ok") warnings.push(`the copy of the state is not in S3 yet: ${word}`);
  } catch (error) {
    warnings.push(`there is no copy of this state: ${messageOf(error)}`);
  }
}

async function afterwards(
  { context, warnings }: Job,
  { delivery: { hooks } }: ApplicationSettings,
  { passed }: RolloutResult,
  about: Readonly<Record<string, string>>,
): Promise<void> {
  const name = passed ? "after" : "failure";
  try {
    await runHook(context.project, name, hooks[name], { ...about, RESULT: passed ? "passed" : "failed" });
  } catch (error) {
    warnings.push(messageOf(error));
  }
}
