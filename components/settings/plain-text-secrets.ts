/** Where secrets may stand in a stack file, and where not: Pulumi itself minds neither. */
import { parse } from "yaml";
import type { Finding } from "../shared/problems.ts";

/** Encrypted values anywhere but under `secrets`: the program would hand them on as plain text. */
export function encryptedInVain(secretKeys: ReadonlySet<string> = new Set()): Finding[] {
  return [...secretKeys]
    .filter((key) => key !== "secrets")
    .map((key) => ({
      path: [key],
      is: "encrypted",
      need: "to be in plain text: only values under secrets stay secret",
    }));
}

/** Values under `secrets` that are not encrypted. */
export function unencrypted(
  input: Record<string, unknown>,
  given: { secretKeys?: ReadonlySet<string>; plainSecrets?: readonly string[] },
): Finding[] {
  const secrets = Array.isArray(input.secrets) ? undefined : objectIn(input.secrets);
  const names = Object.keys(secrets ?? {});
  const allPlain = given.secretKeys !== undefined && !given.secretKeys.has("secrets");
  return names
    .filter((name) => allPlain || given.plainSecrets?.includes(name))
    .map((name) => ({
      path: ["secrets", name],
      is: "in plain text",
      need: `to be encrypted: pulumi config set --secret --path 'secrets.${name}'`,
    }));
}

/**
 * Names under `secrets` that a stack file holds in plain text.
 * @param stackFile Text of `Pulumi.<stack>.yaml`. One that cannot be parsed has none: Pulumi has refused it already.
 */
export function plainSecretsIn(stackFile: string, project: string): string[] {
  const secrets = objectIn(objectIn(yamlOf(stackFile)?.config)?.[`${project}:secrets`]);
  if (secrets === undefined || isEncrypted(secrets)) return [];
  return Object.keys(secrets).filter((name) => !isEncrypted(objectIn(secrets[name])));
}

function yamlOf(text: string): Record<string, unknown> | undefined {
  try {
    return objectIn(parse(text));
  } catch {
    return undefined;
  }
}

function objectIn(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** `{secure: …}`, as Pulumi writes an encrypted value. */
function isEncrypted(value: Record<string, unknown> | undefined): boolean {
  return value !== undefined && Object.keys(value).length === 1 && typeof value.secure === "string";
}
