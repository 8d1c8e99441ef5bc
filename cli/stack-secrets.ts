/** What a new stack needs besides its settings: who encrypts its secrets, with which passphrase, and the secrets. */
import { askSecret } from "./ask.ts";
import { backendFacts } from "./backend.ts";
import { badInput } from "./errors.ts";
import type { Project } from "./project.ts";

/** Provider in a stack file: `secretsprovider`, or a passphrase's salt. */
export function namedProvider(stackFileText: string): string | undefined {
  const provider = /^secretsprovider: *(\S+)/m.exec(stackFileText)?.[1];
  return provider ?? (/^encryptionsalt:/m.test(stackFileText) ? "passphrase" : undefined);
}

/** Variables with the passphrase, for Pulumi's environment alone. */
export async function selectPassphrase(
  project: Project,
  provider: string,
  asking: boolean,
): Promise<Record<string, string>> {
  const facts = backendFacts(project);
  if (provider !== "passphrase" || facts.passphrase || facts.ownPassphraseExists) return {};
  if (!asking) {
    throw badInput(
      "the passphrase is missing; needs PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
    );
  }
  const passphrase = await askSecret("Passphrase for the secrets (Pulumi will need it at every update)");
  if (passphrase === "") throw badInput("the passphrase is empty; needs at least one character");
  if ((await askSecret("The same again")) !== passphrase) throw badInput("the two passphrases differ");
  return { PULUMI_CONFIG_PASSPHRASE: passphrase };
}

/** Values of missing secrets, from the environment or the keyboard; all that are missing are named at once. */
export async function collectSecrets(
  names: readonly string[],
  asking: boolean,
): Promise<Record<string, string>> {
  const secrets: Record<string, string> = {};
  const missing: string[] = [];
  for (const name of names) {
    const variable = `TRISTACK_SECRET_${name}`;
    const value = process.env[variable] ?? (asking ? await askSecret(`Secret ${name}`) : "");
    // Pulumi, its plugins and the program need not inherit it.
    Reflect.deleteProperty(process.env, variable);
    if (value === "") missing.push(name);
    else secrets[name] = value;
  }
  if (missing.length > 0) {
    throw badInput(
      ...missing.map((name) => `secret ${name} is missing; needs a value in TRISTACK_SECRET_${name}`),
    );
  }
  return secrets;
}
