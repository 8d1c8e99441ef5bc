/** Where `tristack start` brings the sample application up: what differs between this machine's Docker and a cluster. */
import type { SelfHostedSettings } from "../../components/settings.ts";
import type { ImageReport } from "../../toolchain/images.ts";
import type { Docker } from "../docker.ts";
import type { LocalChanges } from "../local-settings.ts";
import type { Progress } from "../progress.ts";
import type { Project, StackFile } from "../project.ts";

export interface StartOptions {
  readonly httpPort?: number;
  readonly httpsPort?: number;
  readonly json?: boolean;
  readonly build: boolean;
  readonly target: "vps" | "kubernetes";
}

export interface Place {
  /** Its stack; the template of its settings is `Pulumi.<stack>.yaml.template`. */
  readonly stack: string;
  readonly title: string;
  /** What the settings are to have, as far as the options say. @throws CliError where an option makes no sense here */
  changes(options: StartOptions): Omit<LocalChanges, "version" | "images">;
  /** Secrets that it needs beyond those of the services. */
  readonly secrets: readonly string[];
  /** Checks before anything is made. @throws CliError with exit code 2 */
  check(project: Project, file: StackFile, settings: SelfHostedSettings): Promise<void>;
  /** The Docker Engine that carries it; undefined where none does. */
  docker(project: Project, file: StackFile): Docker | undefined;
  /** Installs what it needs, and brings up what carries it. */
  prepare(settings: SelfHostedSettings, progress: Progress): Promise<ImageReport>;
  /** Brings images to where they are run. */
  deliver(images: readonly string[], progress: Progress): Promise<void>;
  /** Values of those `secrets` of its own that are missing. */
  makeSecrets(missing: readonly string[]): Promise<Readonly<Record<string, string>>>;
}
