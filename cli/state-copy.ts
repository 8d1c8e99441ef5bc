/**
 * Copies of what a stack cannot be rebuilt without: its state, its settings file and the passphrase that decrypts both.
 * Each is sealed with age for the stack's recovery key: whoever may deploy can make one, and only the key opens it.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { backendFacts } from "./backend.ts";
import { recordsOf } from "./records.ts";
import { badInput } from "./errors.ts";
import { dockerBackupJobOf } from "./open-backup.ts";
import { type Project, readStackFile } from "./project.ts";
import { imageWithShell } from "./proxy.ts";
import { objectOf } from "./stack-settings.ts";

const stateCopy = z.object({
  format: z.literal(1),
  project: z.string(),
  stack: z.string(),
  /** When it was made, in UTC. */
  at: z.string(),
  /** Text of `Pulumi.<stack>.yaml`. */
  settingsFile: z.string(),
  /** Null where another provider keeps the secrets' key. */
  passphrase: z.string().nullable(),
  /** As `pulumi stack export` prints it, secrets encrypted. */
  state: z.string(),
  /** The host's records: the ledger of releases, without which there is no way back. */
  records: z.record(z.string(), z.unknown()),
});

export type StateCopy = z.infer<typeof stateCopy>;

/** Seconds to wait for the upload; it goes on afterwards, and alarms if it fails. */
const UPLOAD_SECONDS = 20;

/** A new pair: the public half is a setting, the secret one is for a place outside of all this. */
export async function newRecoveryKey(): Promise<{ publicKey: string; secretKey: string }> {
  const { generateX25519Identity, identityToRecipient } = await import("age-encryption");
  const secretKey = await generateX25519Identity();
  return { publicKey: await identityToRecipient(secretKey), secretKey };
}

/** Text that only the recovery key opens, as the `age` command takes it as well. */
export async function seal(copy: StateCopy, publicKey: string): Promise<string> {
  const { Encrypter, armor } = await import("age-encryption");
  const encrypter = new Encrypter();
  encrypter.addRecipient(publicKey);
  return armor.encode(await encrypter.encrypt(JSON.stringify(copy)));
}

/** @throws CliError with exit code 2 where the key does not fit. */
export async function unseal(text: string, secretKey: string): Promise<StateCopy> {
  const { Decrypter, armor } = await import("age-encryption");
  let opened: string;
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(secretKey.trim());
    opened = await decrypter.decrypt(armor.decode(text), "text");
  } catch {
    // The library's words could hold a part of the key.
    throw badInput(
      "the recovery key does not open this copy of the state; needs the key that starts with AGE-SECRET-KEY-1",
    );
  }
  return stateCopy.parse(JSON.parse(opened));
}

/**
 * Makes a copy of the stack as it is now and keeps it beside the backups.
 * @returns `ok`, `pending`, or `failed: …` of its upload; undefined where the settings name no recovery key
 */
export async function keepStateCopy(project: Project, stack: string): Promise<string | undefined> {
  const file = readStackFile(project, stack);
  const { recoveryKey } = objectOf(file?.config.backup);
  if (!file || typeof recoveryKey !== "string") return undefined;
  const job = await dockerBackupJobOf(stack);
  const state = await job.engine.exportState();
  const at = new Date().toISOString();
  const { owner } = job.engine;
  const passphrase = isByPassphrase(state) ? readPassphrase(project) : null;
  const image = await imageWithShell(job.docker, owner);
  const store = image === undefined ? undefined : recordsOf(job.outputs, job.docker, image);
  const records = (await store?.readAll()) ?? {};
  const copy = { format: 1, ...owner, at, settingsFile: file.text, passphrase, state, records } as const;
  return job.keepState(at.replace(/[-:]|\.\d+/g, ""), await seal(copy, recoveryKey), UPLOAD_SECONDS);
}

function isByPassphrase(state: string): boolean {
  const { deployment } = JSON.parse(state) as { deployment?: { secrets_providers?: { type?: string } } };
  return deployment?.secrets_providers?.type === "passphrase";
}

function readPassphrase(project: Project): string | null {
  const { PULUMI_CONFIG_PASSPHRASE: value, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
  if (value !== undefined) return value;
  const { ownPassphrase, ownPassphraseExists } = backendFacts(project);
  const path = file || (ownPassphraseExists ? ownPassphrase : undefined);
  return path === undefined ? null : readFileSync(path, "utf8").trim();
}
