/**
 * Pulumi for one stack: its command line for questions, the Automation API for what takes time.
 *
 * Some things go through the command line on purpose: the API's `setConfig` puts a secret into the argument list, and its
 * `exportStack` and `importStack` handle the state in plain text.
 */
import { existsSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";
import { version as sdkVersion } from "@pulumi/pulumi/version.js";
import type { Owner } from "../components/shared/labels.ts";
import { type Backend, stateFiles, stateFolder } from "./backend.ts";
import { CliError, badInput, engineMessage, failed, messageOf } from "./errors.ts";
import { type Changes, EventLog } from "./events.ts";
import { HeldError } from "./held.ts";
import type { Say } from "./progress.ts";
import type { Settings } from "../components/settings.ts";
import { loadProgram, ownProgram } from "./own-program.ts";
import { cacheFolder, pulumiHome } from "../toolchain/paths.ts";
import { type Project, type StackFile, readStackFile } from "./project.ts";
import type { Deployment } from "./recovery.ts";
import { outputsOf, readCheckpoint, writtenAt } from "./stack-state.ts";
import { dockerHostOf } from "./stack-settings.ts";
import { dockerHost } from "../components/docker/engine-address.ts";
import { CONNECTIONS_AT_ONCE } from "../components/docker/ssh.ts";

/** Where npm's `pulumi`, the Automation API and the toolchain all keep the CLI of one version. */
export function engineFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(pulumiHome(env), "versions", sdkVersion);
}

export interface UpdateResult {
  readonly changes: Changes;
  /** Resources that are not as they were. */
  readonly changed: number;
  readonly warnings: readonly string[];
  /** Names of resources that hold data and are deleted or replaced. */
  readonly dataLost: readonly string[];
}

export interface UpResult extends UpdateResult {
  /** Outputs of the stack; none of them is a secret. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** When it wrote the state. */
  readonly stateTime: string | undefined;
}

/** A stack as its backend lists it. */
export interface StackSummary {
  readonly name: string;
  readonly lastUpdate?: string;
}

export interface UpOptions {
  readonly replace?: string[];
  readonly refresh?: boolean;
  readonly configFile?: string;
}

/** The stack is locked; the message names who holds it. */
export class LockedError extends HeldError {}

/** Somebody else's update, or wrong input: no release is at fault. */
export function isNoRelease(error: unknown): boolean {
  return error instanceof HeldError || (error instanceof CliError && error.exitCode === 2);
}

/** What an engine operation is told besides its own options. */
export interface Watch {
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** One stack in one backend. */
export class Engine {
  readonly project: Project;
  readonly stackName: string;
  readonly backend: Backend;
  /** More variables for Pulumi alone, such as a passphrase that was typed in. */
  readonly #extraEnv: Readonly<Record<string, string>>;
  #stack: Promise<Stack> | undefined;

  constructor(
    project: Project,
    stackName: string,
    backend: Backend,
    extraEnv: Readonly<Record<string, string>> = {},
  ) {
    this.project = project;
    this.stackName = stackName;
    this.backend = backend;
    this.#extraEnv = extraEnv;
  }

  get owner(): Owner {
    return { project: this.project.name, stack: basename(this.stackName) };
  }

  /** Variables for Pulumi: its Node is the project's own, and it asks no site for updates. */
  get env(): Record<string, string> {
    const path = [
      join(engineFolder(), "bin"),
      join(this.project.root, "node_modules", ".bin"),
      process.env.PATH ?? "",
    ];
    return {
      ...this.backend.env,
      ...this.#extraEnv,
      PATH: path.join(delimiter),
      PULUMI_SKIP_UPDATE_CHECK: "1",
      // preload.cjs turns the cache on, in the temporary folder: here it outlives that, and serves what is run without preload.cjs.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? cacheFolder("node"),
    };
  }

  /** Output of `pulumi …`. `input` reaches it by stdin: the way for secrets, which no argument list may hold. */
  async pulumi(args: readonly string[], input = ""): Promise<string> {
    const result = await execa(engineBinary(), [...args, "--non-interactive", "--color", "never"], {
      cwd: this.project.root,
      env: this.env,
      input,
      reject: false,
    });
    if (!result.failed) return result.stdout;
    throw engineError(
      this,
      result.stderr || result.stdout || result.shortMessage || "pulumi failed",
      undefined,
    );
  }

  /** Where a file backend keeps the state; undefined for any other. */
  get #checkpoint(): string | undefined {
    const folder = stateFolder(this.backend.url);
    return folder === undefined ? undefined : stateFiles(folder, this.project, this.stackName).checkpoint;
  }

  /** The state with secrets encrypted; undefined when the backend has no such stack. */
  async state(): Promise<Deployment | undefined> {
    const kept = this.#checkpoint && (await readCheckpoint(this.#checkpoint));
    if (kept) return kept;
    const text = await orIfMissing(this.exportState(), undefined);
    return text === undefined
      ? undefined
      : ((JSON.parse(text) as { deployment?: Deployment | null }).deployment ?? {});
  }

  /** The state as text, secrets encrypted: what `importState` takes. */
  exportState(): Promise<string> {
    return this.pulumi(["stack", "export", "--stack", this.stackName]);
  }

  async importState(text: string): Promise<void> {
    await this.pulumi(["stack", "import", "--stack", this.stackName], text);
  }

  /** Outputs of the last update, secrets as "[secret]"; undefined when the backend has no such stack. */
  async outputs(): Promise<Record<string, unknown> | undefined> {
    const state = await this.state();
    return state && outputsOf(state);
  }

  /** One output of any stack, secret or not; undefined when there is none of that name, or no such stack. */
  async outputOf(stack: string, name: string): Promise<unknown> {
    const args = ["stack", "output", "--json", "--stack", stack, "--show-secrets"];
    const text = await orIfMissing(this.pulumi(args), undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>)[name];
  }

  /** Whether the backend has the stack. Asks for no more than that: the state may be damaged. */
  async exists(): Promise<boolean> {
    if (this.#checkpoint !== undefined) return existsSync(this.#checkpoint);
    return (await this.stacks()).some(({ name }) => basename(name) === this.owner.stack);
  }

  /** All stacks of the project in this backend. @param tag only those that have it */
  async stacks(tag?: string): Promise<readonly StackSummary[]> {
    const filter = tag === undefined ? [] : ["--tag", tag];
    return JSON.parse(await this.pulumi(["stack", "ls", "--json", ...filter])) as StackSummary[];
  }

  /** Tags of the stack, in any kind of backend; undefined when it has no such stack. */
  async tags(): Promise<Readonly<Record<string, string>> | undefined> {
    const text = await orIfMissing(
      this.pulumi(["stack", "tag", "ls", "--json", "--stack", this.stackName]),
      undefined,
    );
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, string>);
  }

  async setTag(name: string, value: string): Promise<void> {
    await this.pulumi(["stack", "tag", "set", name, value, "--stack", this.stackName]);
  }

  async create(secretsProvider?: string): Promise<void> {
    const provider = secretsProvider ? ["--secrets-provider", secretsProvider] : [];
    await this.pulumi(["stack", "init", "--stack", this.stackName, "--no-select", ...provider]);
  }

  /** Removes the stack from the backend; its settings file stays unless it is generated anyway. */
  async remove(): Promise<void> {
    await this.pulumi(["stack", "rm", this.stackName, "--yes", "--preserve-config"]);
  }

  /** Releases all locks of the stack. */
  async cancel(): Promise<void> {
    await this.pulumi(["cancel", "--yes", "--stack", this.stackName]);
  }

  /** Encrypts and saves one of the `secrets` in the stack's settings file. */
  async setSecret(name: string, value: string): Promise<void> {
    const key = `${this.project.name}:secrets.${name}`;
    await this.pulumi(["config", "set", "--secret", "--path", key, "--stack", this.stackName], value);
  }

  /** Checks that what is encrypted in the settings can be read, without letting a value go anywhere. */
  async checkSecrets(): Promise<void> {
    await this.pulumi(["config", "--stack", this.stackName]);
  }

  /**
   * @param options.replace URNs to make anew
   * @param options.refresh read the real state first
   * @param options.configFile settings in place of the stack's own file
   */
  async up(watch: Watch, options: UpOptions = {}): Promise<UpResult> {
    const program = await ownProgram(this.project);
    const result = await this.#operate(watch, (stack, common) =>
      stack.up({ ...options, ...common, program }),
    );
    const state = (await this.state()) ?? {};
    return { ...result, outputs: outputsOf(state), stateTime: writtenAt(state) };
  }

  /**
   * What `up` would do. It takes no lock and writes no state.
   * @param options.refresh read the real state first
   * @param listen hears every event
   */
  async preview(
    watch: Watch,
    options: Pick<UpOptions, "configFile" | "refresh"> = {},
    listen?: (event: EngineEvent) => void,
  ): Promise<UpdateResult> {
    const program = await ownProgram(this.project);
    return this.#operate(watch, (stack, common) => stack.preview({ ...options, ...common, program }), listen);
  }

  /** Reads every resource's real state; creations that never ended are forgotten. */
  async refresh(watch: Watch): Promise<UpdateResult> {
    return this.#operate(watch, (stack, common) => stack.refresh({ clearPendingCreates: true, ...common }));
  }

  /** Takes over what creations that never ended have made. The Automation API knows no such thing. */
  async adopt(made: readonly { readonly urn: string; readonly id: string }[]): Promise<void> {
    const pairs = made.flatMap(({ urn, id }) => [
      "--import-pending-creates",
      urn,
      "--import-pending-creates",
      id,
    ]);
    await this.pulumi(["refresh", "--yes", "--skip-preview", "--stack", this.stackName, ...pairs]);
  }

  async destroy(watch: Watch): Promise<UpdateResult> {
    return this.#operate(watch, (stack, common) => stack.destroy({ ...common }));
  }

  async #operate(
    watch: Watch,
    work: (stack: Stack, common: OperationOptions) => Promise<unknown>,
    listen?: (event: EngineEvent) => void,
  ) {
    const log = new EventLog(watch.say);
    const stack = await this.#open();
    try {
      const parallel = parallelFor(readStackFile(this.project, this.stackName));
      await work(stack, {
        onEvent: (event) => {
          log.add(event);
          listen?.(event);
        },
        signal: watch.signal,
        color: "never",
        showSecrets: false,
        parallel,
      });
    } catch (error) {
      throw engineError(this, messageOf(error), error, log.errors);
    }
    const { changes, changed, warnings, dataLost } = log;
    return { changes, changed, warnings, dataLost };
  }

  /** Gets ready for an operation while there is something else to wait for; what is wrong comes out at the operation. */
  warmUp(target: Settings["target"]): void {
    this.#open().catch(() => undefined);
    loadProgram(this.project, target).catch(() => undefined);
  }

  #open(): Promise<Stack> {
    this.#stack ??= this.#load().catch((error: unknown) => {
      this.#stack = undefined;
      throw error;
    });
    return this.#stack;
  }

  /** Loaded when needed: the Automation API takes a second to import. */
  async #load(): Promise<Stack> {
    // By the package's root, which has a stand-in for it until now (preload.cjs); a module cannot import one by name.
    const { LocalWorkspace, PulumiCommand, Stack } = (await import("@pulumi/pulumi")).automation;
    engineBinary(); // Says how to get one that is missing; the API would say ENOENT.
    const workspace = await LocalWorkspace.create({
      workDir: this.project.root,
      envVars: this.env,
      pulumiHome: pulumiHome(),
      pulumiCommand: await PulumiCommand.get({ root: engineFolder() }),
    });
    // Every operation names its stack: selecting it would only be one more process, and would change what is selected.
    workspace.selectStack = () => Promise.resolve();
    const stack = await Stack.select(this.stackName, workspace);
    // The API would follow each operation with three more processes, one of which decrypts every secret output.
    stack.outputs = () => Promise.resolve({});
    stack.info = () => Promise.resolve(undefined);
    return stack;
  }
}

/** What every operation of the Automation API takes. */
interface OperationOptions {
  onEvent: EventLog["add"];
  signal: AbortSignal;
  color: "never";
  showSecrets: false;
  /** Resources worked on at the same time; undefined: as many as Pulumi likes. */
  parallel: number | undefined;
}

/** Over SSH each resource is a connection. */
function parallelFor(file: StackFile | undefined): number | undefined {
  return dockerHost(dockerHostOf(file)).startsWith("ssh://") ? CONNECTIONS_AT_ONCE : undefined;
}

/** Pulumi's CLI, which the toolchain has put where npm's launcher looks for it. */
export function engineBinary(): string {
  const file = join(engineFolder(), "bin", process.platform === "win32" ? "pulumi.exe" : "pulumi");
  if (existsSync(file)) return file;
  throw failed(`Pulumi's CLI ${sdkVersion} is not installed yet: run \`npm run toolchain\``);
}

async function orIfMissing<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (/no stack named|stack '.*' not found/.test(messageOf(error))) return otherwise;
    throw error;
  }
}

/** Pulumi's errors in the user's words; `errors` are the diagnostics that came as events. */
function engineError(engine: Engine, raw: string, cause: unknown, errors: readonly string[] = []): CliError {
  if (/currently locked by|\[409\] Conflict: Another update/.test(raw))
    return new LockedError(raw, 1, { cause });
  if (
    /incorrect passphrase|passphrase must be set|get stack secrets manager|constructing secrets manager/i.test(
      raw,
    )
  ) {
    return badInput(
      `The secrets of stack ${engine.stackName} cannot be decrypted: ${engineMessage(raw)}\n` +
        "Needs PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE with the passphrase that they were encrypted with" +
        ` (${basename(engine.project.root)}/Pulumi.${engine.owner.stack}.yaml).`,
    );
  }
  const interrupted = /SIGKILL|SIGINT|SIGTERM|was killed with/.test(raw.split("\n").slice(0, 4).join("\n"));
  const told = errors.filter((text) => text !== "update failed" && text !== "resource registration failed");
  const all = told.length > 0 ? told.join("\n") : engineMessage(raw);
  // Where the program's error came out is of no interest to those who read it.
  const said = all.replace(/^error serializing property "outputs": /gm, "");
  if (interrupted)
    return failed(`Pulumi was stopped before it had finished; run the command again to recover.`, cause);
  return failed(said, cause);
}
