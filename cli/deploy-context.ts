/** What every command that releases something has at hand. */
import { type RecordedRelease, recordedRelease } from "../components/release.ts";
import { requireBackend } from "./backend.ts";
import type { Carrier, RecordStore } from "./carrier.ts";
import type { Docker } from "./docker.ts";
import { Engine } from "./engine.ts";
import { badInput } from "./errors.ts";
import { type Entry, readLedger } from "./ledger.ts";
import { type Project, type StackFile, parseStackFile, readProject, readStackFile } from "./project.ts";
import { outputsOf, writtenAt } from "./stack-state.ts";
import { withRelease } from "./release-file.ts";
import { requireApplication } from "./stack-settings.ts";
import type { ApplicationSettings, ReleaseSetting } from "../components/settings.ts";
import { dockerOf } from "./stack-docker.ts";

export interface StackContext {
  readonly project: Project;
  readonly stack: string;
  readonly file: StackFile;
  readonly engine: Engine;
}

/** Of a stack on a machine with Docker. */
export interface DockerContext extends StackContext {
  readonly docker: Docker;
}

/** A stack that has a settings file; anything else is bad input. */
export function openContext(stack: string): StackContext {
  const project = readProject();
  const file = readStackFile(project, stack);
  if (!file)
    throw badInput(
      `There is no settings file of a stack ${stack}; needs a stack that exists, such as staging`,
    );
  const engine = new Engine(project, stack, requireBackend(project));
  return { project, stack, file, engine };
}

/** @throws CliError of a stack that has no Docker of its own. */
export function withDocker(context: StackContext): DockerContext {
  return { ...context, docker: dockerOf(context.project, context.file) };
}

/** Refuses a file that names a release: the next plain update would go back to it. */
export function refusePinnedRelease({ file }: Pick<StackContext, "file">): void {
  if (file.config.release === undefined) return;
  throw badInput(
    `${file.name} names a release, and the next plain update would go back to it; needs that key removed: ` +
      "the release that runs is kept by the stack itself",
  );
}

/** The settings as they are with a release, checked: exit code 2 on any problem. */
export function settingsWith(
  { project, stack, file }: Pick<StackContext, "project" | "stack" | "file">,
  release: ReleaseSetting,
): Promise<ApplicationSettings> {
  const text = withRelease(project, file, release);
  return requireApplication(project, stack, parseStackFile(project, stack, text));
}

/** What is kept with the stack, wherever that is. */
export interface History {
  readonly ledger: readonly Entry[];
  /** Its records by name: deploy, backup, restore. */
  readonly records: Readonly<Record<string, unknown>>;
}

/** What the stack runs. */
export interface Running {
  /** Undefined before the first update. */
  readonly release: RecordedRelease | undefined;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** When the state was last written. */
  readonly stateTime: string | undefined;
  /** Being read while the caller goes on. */
  readonly history: Promise<History>;
}

export async function whatRuns({ engine }: StackContext, carrier: Carrier): Promise<Running> {
  const state = (await engine.state()) ?? {};
  const outputs = outputsOf(state);
  const history = readHistory(carrier.records(outputs));
  // It is whoever awaits it that has to hear of a failure.
  history.catch(() => undefined);
  return { release: recordedRelease(outputs.release), outputs, stateTime: writtenAt(state), history };
}

async function readHistory(store: RecordStore | undefined): Promise<History> {
  const records = store ? await store.readAll() : {};
  return { records, ledger: readLedger(records.releases) };
}
