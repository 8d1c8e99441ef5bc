/** The settings of a stack as its file says, checked before Pulumi is started: plain Pulumi exits 1 on bad ones. */
import { basename } from "node:path";
import type { ClusterSetting } from "../components/kubernetes/cluster-access.ts";
import type {
  ApplicationSettings,
  SelfHostedSettings,
  Settings,
  VpsSettings,
} from "../components/settings.ts";
import type { SshSettings } from "../components/docker/ssh.ts";
import { badInput } from "./errors.ts";
import type { Project, StackFile } from "./project.ts";

export interface CheckedSettings {
  readonly settings?: Settings;
  /** Every problem in one text; undefined when there is none. */
  readonly problems?: string;
}

/**
 * Checks a stack's file. Encrypted values stay encrypted: that they are there is all that counts here.
 * @param promised names of secrets that are about to be set
 */
export async function checkSettings(
  project: Project,
  stack: string,
  file: StackFile,
  promised: readonly string[] = [],
): Promise<CheckedSettings> {
  // Loaded when needed: it brings Pulumi's SDK with it.
  const { parseSettings, settingsReport } = await import("../components/settings.ts");
  const { plainSecretsIn } = await import("../components/settings/plain-text-secrets.ts");
  const { raw, secretKeys } = asPulumiReads(file.config, promised);
  const name = basename(stack);
  const plainSecrets = plainSecretsIn(file.text, project.name);
  const result = parseSettings(raw, { project: project.name, stack: name, secretKeys, plainSecrets });
  return "settings" in result ? result : { problems: settingsReport(name, result.problems) };
}

/** As `checkSettings`, with exit code 2 on any problem. */
export async function requireSettings(
  project: Project,
  stack: string,
  file: StackFile,
  promised: readonly string[] = [],
): Promise<Settings> {
  const { settings, problems } = await checkSettings(project, stack, file, promised);
  if (!settings) throw badInput(problems ?? "");
  return settings;
}

/** As `requireSettings`, of a stack that carries an application: what most commands are about. */
export async function requireApplication(
  ...args: Parameters<typeof requireSettings>
): Promise<ApplicationSettings> {
  const [, , file] = args;
  // Said first: that such a stack knows no release would be the lesser half of it.
  if (isBare(file)) throw noApplication(file);
  const settings = await requireSettings(...args);
  if (isOfApplication(settings)) return settings;
  throw noApplication(file);
}

function isOfApplication(settings: Settings): settings is ApplicationSettings {
  return ["vps", "kubernetes", "aws"].includes(settings.target);
}

/** As `requireApplication`, of one whose database and proxy are ours. */
export async function requireSelfHosted(
  ...args: Parameters<typeof requireSettings>
): Promise<SelfHostedSettings> {
  const settings = await requireApplication(...args);
  if (settings.target === "aws") throw notYet(args[2]);
  return settings;
}

/** As `requireApplication`, of one on a machine with Docker. */
export async function requireVps(...args: Parameters<typeof requireSettings>): Promise<VpsSettings> {
  const settings = await requireApplication(...args);
  if (settings.target !== "vps") throw notYet(args[2]);
  return settings;
}

/** The error of a command that is about an application, told to work on a machine or a cluster alone. */
export function noApplication(file: StackFile): Error {
  return badInput(
    `${file.name}: target is ${String(file.config.target)}, which carries no application; this command needs a stack of ` +
      "the target vps, aws or kubernetes. What brings this one up and down: npx pulumi up, npx pulumi destroy",
  );
}

/** The error of a command that cannot work on the stack's target yet. */
export function notYet(file: StackFile): Error {
  return badInput(
    `${file.name}: target is ${String(file.config.target)}, which this command cannot work on yet. ` +
      "What brings the stack up and down: npx pulumi up, npx pulumi destroy",
  );
}

/**
 * Config as Pulumi hands it to a program: text, or JSON of an object; with a word in the place of each secret.
 * @param wordFor what stands for an encrypted value. @default the same for all
 */
export function asPulumiReads(
  config: Readonly<Record<string, unknown>>,
  promised: readonly string[] = [],
  wordFor: (encrypted: string) => string = () => HIDDEN,
) {
  const secretKeys = new Set(
    Object.entries(config).flatMap(([key, value]) => (hasSecret(value) ? [key] : [])),
  );
  const all = { ...config };
  const missing = promised.filter((name) => !(name in objectOf(config.secrets)));
  if (missing.length > 0) {
    secretKeys.add("secrets");
    all.secrets = {
      ...objectOf(config.secrets),
      ...Object.fromEntries(missing.map((name) => [name, HIDDEN])),
    };
  }
  const raw = Object.fromEntries(
    Object.entries(all).map(([key, value]) => {
      const shown = hideSecrets(value, wordFor);
      return [key, typeof shown === "string" ? shown : JSON.stringify(shown)];
    }),
  );
  return { raw, secretKeys };
}

const HIDDEN = "encrypted";

/**
 * Secrets that services, or a web on Vercel, name and the stack file does not hold. Looks at the file alone, so that it works while other
 * settings are still wrong.
 */
export function missingSecrets(file: StackFile): string[] {
  const asking = [...Object.values(objectOf(file.config.services)), file.config.web];
  const named = asking.flatMap((one) => {
    const { secrets } = objectOf(one);
    return Array.isArray(secrets) ? (secrets as unknown[]) : [];
  });
  return withoutValue(file, named);
}

/** As `missingSecrets`, and those that the stack's own parts name: addresses and keys, which nobody can make up. */
export function allMissingSecrets(file: StackFile): string[] {
  const { alarm, alarms, backup, certificates } = file.config;
  const { ping, s3 } = objectOf(backup);
  const keys = [objectOf(s3), objectOf(objectOf(certificates).challenge)];
  const { webhook } = objectOf(alarms);
  const { certificate, key } = objectOf(certificates);
  const own = [alarm, webhook, ping, certificate, key];
  const named = [...own, ...keys.flatMap(({ accessKey, secretKey }) => [accessKey, secretKey])];
  return [...new Set([...missingSecrets(file), ...withoutValue(file, named)])].sort();
}

function withoutValue({ config }: StackFile, names: readonly unknown[]): string[] {
  const present = objectOf(config.secrets);
  const texts = names.filter((name) => typeof name === "string");
  return [...new Set(texts)].filter((name) => !(name in present)).sort();
}

/** An object's entries; anything else has none. */
export function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function isSecure(value: unknown): value is { secure: string } {
  return Object.keys(objectOf(value)).length === 1 && typeof objectOf(value).secure === "string";
}

function hasSecret(value: unknown): boolean {
  if (isSecure(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasSecret);
}

function hideSecrets(value: unknown, wordFor: (encrypted: string) => string): unknown {
  if (isSecure(value)) return wordFor(value.secure);
  if (Array.isArray(value)) return value.map((one) => hideSecrets(one, wordFor));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hideSecrets(inner, wordFor)]));
}

/** Whether the stack carries an application without a Docker Engine of ours, as far as its file says. */
export function isElsewhere(file: StackFile): boolean {
  return isKubernetes(file) || file.config.target === "aws";
}

/** Whether the stack runs on a cluster, as far as its file says. */
export function isKubernetes(file: StackFile): boolean {
  return file.config.target === "kubernetes";
}

/** Whether the stack carries no application, as far as its file says: a machine, a cluster or an account alone. */
export function isBare(file: StackFile): boolean {
  return ["host", "cluster", "account"].includes(String(file.config.target));
}

/** How a stack's cluster is reached, as far as its file says. */
export function clusterAccessOf(file: StackFile | undefined): ClusterSetting {
  const { kubeconfig, context, stack } = objectOf(file?.config.cluster);
  return {
    ...(typeof kubeconfig === "string" ? { kubeconfig } : {}),
    ...(typeof context === "string" ? { context } : {}),
    ...(typeof stack === "string" ? { stack } : {}),
  };
}

/** The Docker Engine that a stack's settings name; undefined: as the docker command finds it. */
export function dockerHostOf(file: StackFile | undefined): string | undefined {
  const { docker } = objectOf(file?.config.host);
  return typeof docker === "string" ? docker : undefined;
}

/** How ssh is to be called for a stack, as far as its file says: it may still be wrong in other places. */
export function sshSettingsOf(file: StackFile | undefined): SshSettings {
  const { sshOptions, hostKey } = objectOf(file?.config.host);
  return {
    sshOptions: Array.isArray(sshOptions) ? sshOptions.filter((one) => typeof one === "string") : [],
    hostKey: typeof hostKey === "string" ? hostKey : undefined,
  };
}
