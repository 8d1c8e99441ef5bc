/**
 * The settings of a stack: reading and checking them. This is the only reader of Pulumi's config; what each setting
 * may be stands in settings/bounds.ts, what several must be together in settings/rules.ts.
 */
import { existsSync, readFileSync } from "node:fs";
import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { breaches } from "./settings/rule-check.ts";
import { settingsSchema } from "./settings/bounds.ts";
import { encryptedInVain, plainSecretsIn, unencrypted } from "./settings/plain-text-secrets.ts";
import { findingsOf, inSchemaOrder, onePerPlace } from "./shared/findings.ts";
import { type Finding, type Problem, problemOf, report } from "./shared/problems.ts";

/** A stack's settings, checked and with every default filled in. */
export type Settings = z.infer<typeof settingsSchema>;
export type VpsSettings = Extract<Settings, { target: "vps" }>;
export type KubernetesSettings = Extract<Settings, { target: "kubernetes" }>;
export type AwsSettings = Extract<Settings, { target: "aws" }>;
/** Of a web on Vercel. */
export type WebSettings = NonNullable<AwsSettings["web"]>;
/** Of a stack that carries an application, whatever carries it. */
export type ApplicationSettings = VpsSettings | KubernetesSettings | AwsSettings;
/** Of those where database and proxy are ours. */
export type SelfHostedSettings = VpsSettings | KubernetesSettings;
export type ClusterSettings = Extract<Settings, { target: "cluster" }>;
export type AccountSettings = Extract<Settings, { target: "account" }>;
export type HostSettings = Extract<Settings, { target: "host" }>;
export type Environment = VpsSettings["environment"];
export type Service = VpsSettings["services"][string];
export type ReleaseSetting = NonNullable<VpsSettings["release"]>;

/** Whose settings they are, and what is known about how they were given. */
export interface SettingsContext {
  readonly project: string;
  readonly stack: string;
  /** Top-level keys with anything encrypted in them, without the project. Left out, nothing is held against them. */
  readonly secretKeys?: ReadonlySet<string>;
  /** Names under `secrets` that the stack file holds in plain text: see `plainSecretsIn`. */
  readonly plainSecrets?: readonly string[];
}

/**
 * Checks the settings of one stack. Pure: nothing is read but the arguments.
 * @param raw Values as Pulumi hands them over, without `<project>:`: text, or JSON text of an object or a list.
 * @returns the settings, or every problem at once, in the order of the schema; no secret is in a problem.
 */
export function parseSettings(
  raw: Record<string, string>,
  context: SettingsContext,
): { settings: Settings } | { problems: Problem[] } {
  const input = decoded(raw);
  const result = settingsSchema.safeParse(input);
  const wrong = result.success ? [] : findingsOf(result.error.issues, input, settingsSchema);
  const findings: Finding[] = [
    ...wrong,
    ...encryptedInVain(context.secretKeys),
    ...unencrypted(input, context),
    ...breaches(input, wrong),
  ];
  if (result.success && findings.length === 0) {
    hideSecrets(result.data);
    return { settings: result.data };
  }

  const hidden = new Set([...(context.secretKeys ?? []), "secrets"]);
  const problems = inSchemaOrder(onePerPlace(findings), input, settingsSchema).map((finding) =>
    problemOf(finding, input, { prefix: `${context.project}:`, hidden }),
  );
  return { problems };
}

/**
 * The settings of the stack that is being updated.
 * @throws RunError with every problem, which Pulumi prints without a stack trace.
 */
export function readSettings(): Settings {
  const project = pulumi.getProject();
  const stack = pulumi.getStack();
  const prefix = `${project}:`;
  const mine = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(prefix));
  const file = `Pulumi.${stack}.yaml`;
  const result = parseSettings(
    Object.fromEntries(mine.map(([key, value]) => [key.slice(prefix.length), value])),
    {
      project,
      stack,
      secretKeys: new Set(mine.filter(([key]) => isEncrypted(key)).map(([key]) => key.slice(prefix.length))),
      // Pulumi marks a whole key as secret as soon as one value in it is: only the file tells about each.
      plainSecrets: existsSync(file) ? plainSecretsIn(readFileSync(file, "utf8"), project) : [],
    },
  );
  if ("problems" in result) throw new pulumi.RunError(settingsReport(stack, result.problems));
  return result.settings;
}

/** All problems of a stack's settings, as people read them. */
export function settingsReport(stack: string, problems: readonly Problem[]): string {
  return report(`Pulumi.${stack}.yaml`, problems);
}

/**
 * One of the values under `secrets`, encrypted wherever Pulumi stores it.
 * @throws Error when there is none of that name: the rules see to it that services name existing ones only.
 */
export function secretValue(settings: Pick<VpsSettings, "secrets">, name: string): pulumi.Output<string> {
  const value = settings.secrets[name];
  if (value === undefined) throw new Error(`no secret of the name ${name}`);
  return pulumi.secret(value);
}

/** The secrets that a service asks for by name, encrypted. */
export function secretsOf(
  settings: Pick<VpsSettings, "secrets">,
  { secrets }: Pick<Service, "secrets">,
): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(secrets.map((name) => [name, secretValue(settings, name)]));
}

/** The same as text, for fingerprints alone. */
export function secretTexts(
  settings: Pick<VpsSettings, "secrets">,
  { secrets }: Pick<Service, "secrets">,
): Record<string, string> {
  return Object.fromEntries(secrets.map((name) => [name, settings.secrets[name] ?? ""]));
}

/** True where losing data would hurt: stateful resources are protected, and `tristack destroy` refuses. */
export function isProtected(kind: Environment["kind"]): boolean {
  return kind === "staging" || kind === "production";
}

/** Config as the schema wants it: a setting that is left empty in YAML (`proxy:`) counts as left out. */
function decoded(raw: Record<string, string>): Record<string, unknown> {
  const values = Object.entries(raw).map(([key, value]): [string, unknown] => [key, decodedValue(value)]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function decodedValue(value: string): unknown {
  if (value === "" || value === "null") return undefined;
  if (!/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** The SDK keeps this function out of its types; without it, secrets in plain text are found through the file alone. */
function isEncrypted(key: string): boolean {
  const { isConfigSecret } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  return isConfigSecret?.(key) ?? false;
}

/** Secrets can be read afterwards, and are not printed by accident: neither as JSON nor by console.log. */
function hideSecrets(settings: Settings): void {
  if (!("secrets" in settings)) return;
  const masked = () => Object.fromEntries(Object.keys(settings.secrets).map((name) => [name, "[secret]"]));
  Object.defineProperties(settings.secrets, {
    toJSON: { value: masked },
    [inspect.custom]: { value: masked },
  });
}
