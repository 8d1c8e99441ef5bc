/**
 * Where a stack's state lies and what unlocks its secrets. Whoever has chosen a backend (by environment, in Pulumi.yaml
 * or by `pulumi login`) keeps it; with none, `tristack start` makes one of files in the checkout.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { failed } from "./errors.ts";
import { pulumiHome } from "../toolchain/paths.ts";
import { type Project, ownFolder, readPulumiYaml } from "./project.ts";

/** Everything the choice depends on; collected by `backendFacts`. */
export interface BackendFacts {
  /** PULUMI_BACKEND_URL. */
  readonly environmentUrl?: string;
  /** Whether PULUMI_ACCESS_TOKEN is set, which logs in to Pulumi Cloud by itself. */
  readonly accessToken: boolean;
  /** `backend.url` of Pulumi.yaml. */
  readonly projectUrl?: string;
  /** `current` of Pulumi's credentials.json. */
  readonly loginUrl?: string;
  /** Whether PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE is set. */
  readonly passphrase: boolean;
  /** Folder of the checkout's own backend, and whether it is there. */
  readonly ownState: string;
  readonly ownStateExists: boolean;
  /** File with the checkout's own passphrase, and whether it is there. */
  readonly ownPassphrase: string;
  readonly ownPassphraseExists: boolean;
}

export interface Backend {
  readonly source: "environment" | "Pulumi.yaml" | "login" | "checkout";
  readonly url: string;
  /** Variables that Pulumi needs besides those that are set already. No secret: paths and addresses. */
  readonly env: Readonly<Record<string, string>>;
}

export const CLOUD = "https://api.pulumi.com";

/** The backend in use, or undefined when none was chosen and the checkout has none. */
export function chooseBackend(facts: BackendFacts): Backend | undefined {
  const passphrase: Record<string, string> =
    !facts.passphrase && facts.ownPassphraseExists
      ? { PULUMI_CONFIG_PASSPHRASE_FILE: facts.ownPassphrase }
      : {};
  if (facts.environmentUrl) return { source: "environment", url: facts.environmentUrl, env: passphrase };
  if (facts.projectUrl) return { source: "Pulumi.yaml", url: facts.projectUrl, env: passphrase };
  if (facts.loginUrl) return { source: "login", url: facts.loginUrl, env: passphrase };
  if (facts.accessToken) return { source: "environment", url: CLOUD, env: passphrase };
  if (!facts.ownStateExists) return undefined;
  // Without files of metadata: they are not written at one go, and the program that reads its stack's last outputs while
  // the engine saves could find one empty ("failed to load checkpoint: EOF").
  const url = `${pathToFileURL(facts.ownState).href}?metadata=skip`;
  return { source: "checkout", url, env: { PULUMI_BACKEND_URL: url, ...passphrase } };
}

export function backendFacts(project: Project, env: NodeJS.ProcessEnv = process.env): BackendFacts {
  const ownState = join(ownFolder(project), "state");
  const ownPassphrase = join(ownFolder(project), "passphrase");
  return {
    environmentUrl: env.PULUMI_BACKEND_URL || undefined,
    accessToken: Boolean(env.PULUMI_ACCESS_TOKEN),
    projectUrl: projectBackend(project),
    loginUrl: currentLogin(env),
    passphrase: env.PULUMI_CONFIG_PASSPHRASE !== undefined || Boolean(env.PULUMI_CONFIG_PASSPHRASE_FILE),
    ownState,
    ownStateExists: existsSync(ownState),
    ownPassphrase,
    ownPassphraseExists: existsSync(ownPassphrase),
  };
}

/** The backend in use; without one, the error says how to choose. */
export function requireBackend(project: Project): Backend {
  const backend = chooseBackend(backendFacts(project));
  if (backend) return backend;
  throw failed(
    "No Pulumi backend is chosen. Run `npm start` (keeps the state of the local stack in this checkout), " +
      "`npx pulumi login`, or set PULUMI_BACKEND_URL.",
  );
}

/** The backend in use; without one, one of files in the checkout with a passphrase of its own. */
export function ensureBackend(project: Project): Backend {
  const facts = backendFacts(project);
  if (!chooseBackend(facts)) mkdirSync(facts.ownState, { recursive: true, mode: 0o700 });
  const chosen = requireBackend(project);
  const needsPassphrase = !facts.passphrase && !isCloud(chosen.url);
  if (!needsPassphrase || facts.ownPassphraseExists) return chosen;
  if (facts.ownStateExists && readdirSync(facts.ownState).length > 0) {
    throw failed(
      `${facts.ownPassphrase} is missing, and what was encrypted with it cannot be read without. Put it back, ` +
        "or set PULUMI_CONFIG_PASSPHRASE_FILE.",
    );
  }
  mkdirSync(ownFolder(project), { recursive: true, mode: 0o700 });
  writeFileSync(facts.ownPassphrase, `${randomBytes(32).toString("base64url")}\n`, {
    mode: 0o600,
    flag: "wx",
  });
  return requireBackend(project);
}

/** Pulumi Cloud or a server that speaks its protocol: it keeps secrets and locks itself. */
export function isCloud(url: string): boolean {
  return /^https?:/.test(url);
}

/** The lines that make plain `npx pulumi` use the same backend; none when it does so anyway. */
export function exportsFor(backend: Backend): string[] {
  return Object.entries(backend.env).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  );
}

/** Folder of a file backend, or undefined for any other. */
export function stateFolder(url: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const path = decodeURIComponent(url.slice("file://".length).split("?")[0] ?? "");
  return path.startsWith("~") ? join(process.env.HOME ?? "", path.slice(1)) : path;
}

/** Where a file backend of Pulumi keeps one stack. */
export function stateFiles(folder: string, project: Project, stack: string) {
  const book = join(folder, ".pulumi");
  const name = basename(stack);
  const checkpoint = join(book, "stacks", project.name, `${name}.json`);
  return {
    checkpoint,
    backup: `${checkpoint}.bak`,
    locks: join(book, "locks", "organization", project.name, name),
  };
}

function projectBackend({ root }: Project): string | undefined {
  return readPulumiYaml(root).backend?.url || undefined;
}

function currentLogin(env: NodeJS.ProcessEnv): string | undefined {
  const file = join(env.PULUMI_CREDENTIALS_PATH || pulumiHome(env), "credentials.json");
  if (!existsSync(file)) return undefined;
  try {
    const { current } = JSON.parse(readFileSync(file, "utf8")) as { current?: string };
    return current || undefined;
  } catch {
    return undefined;
  }
}
