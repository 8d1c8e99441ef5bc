/** This machine's apt: installs packages, and tells where it takes them from, so that an image's apt can do the same. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Log, attempt, run } from "./command.ts";

/** Whether this is Debian or one of its kin, and we may change it. */
export function canInstall(): boolean {
  return isDebianLike() && process.getuid?.() === 0;
}

export function isDebianLike(): boolean {
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(read("/etc/os-release"));
}

/** Installs packages. Needs `canInstall()`. */
export async function install(packages: readonly string[], log: Log): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const onLine = (line: string) => {
    if (/^(Get:|Hit:|Unpacking|Setting up)/.test(line)) log(`apt: ${line.replace(/ \[.*| \.\.\.$/, "")}`);
  };
  // A third party's source that does not answer is no reason to give up: what matters is whether the install works.
  await attempt("apt-get", ["update"], { env, onLine });
  const args = ["install", "--yes", "--no-install-recommends", ...packages];
  await run("apt-get", args, { env, onLine, what: `apt-get install ${packages.join(" ")}` });
}

/** Whether apt knows a package. */
export async function knows(name: string): Promise<boolean> {
  const shown = await attempt("apt-cache", ["show", "--no-all-versions", name]);
  return shown !== undefined && shown.trim() !== "";
}

export interface DebianMirror {
  /** Of the archive; undefined: this machine has none of Debian's own, take debootstrap's default. */
  readonly archive?: string;
  /** Of the security updates. */
  readonly security?: string;
}

/** Where this machine takes Debian's packages from. */
export async function mirror(): Promise<DebianMirror> {
  const format = "$(ORIGIN)\t$(LABEL)\t$(REPO_URI)";
  const targets =
    (await attempt("apt-get", ["indextargets", "--format", format, "Created-By: Packages"])) ?? "";
  const rows = targets.split("\n").map((line) => line.split("\t"));
  const of = (label: string) => rows.find((row) => row[0] === "Debian" && row[1] === label)?.[2];
  return { archive: withoutSecret(of("Debian")), security: withoutSecret(of("Debian-Security")) };
}

/** Settings without which apt does not get through this machine's network. */
export async function networkSettings(): Promise<string> {
  const wanted =
    /^Acquire::(https?::(Proxy|Verify-Peer)|ForceIPv4|Check-Valid-Until|Check-Date|Retries)\b.* "[^"]+";$/;
  const dump = (await attempt("apt-config", ["dump"])) ?? "";
  const lines = dump.split("\n").filter((line) => wanted.test(line) && withoutSecret(line) !== undefined);
  return lines.sort().join("\n");
}

/** Certificate authorities that this machine was told to trust: public by nature, and needed behind such a proxy. */
export function certificateAuthorities(): Map<string, string> {
  const folder = "/usr/local/share/ca-certificates";
  const names = attemptList(folder).filter((name) => name.endsWith(".crt"));
  return new Map(names.sort().map((name) => [name, read(join(folder, name))]));
}

/** An address that carries a password is not for an image: undefined. */
function withoutSecret(text: string | undefined): string | undefined {
  return text !== undefined && /:\/\/[^/\s"]*@/.test(text) ? undefined : text;
}

function attemptList(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
