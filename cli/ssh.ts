/** ssh as a stack's settings want it, for this command's own use and for Docker's. */
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { delimiter, join } from "node:path";
import { type SshSettings, pinHost, sshOptions } from "../components/docker/ssh.ts";
import { badInput } from "./errors.ts";
import { type Project, ownFolder } from "./project.ts";

/** How one host is reached. */
export interface SshCommand {
  /** `ssh://user@host:port` */
  readonly address: string;
  readonly options: readonly string[];
  readonly pinned: boolean;
  /** Variables with which a program that calls `ssh` calls it with these options. */
  readonly env: Readonly<Record<string, string>>;
}

/** @param alone a connection of its own, shared with nobody. @default false */
export function sshCommand(
  project: Project,
  address: string,
  settings: SshSettings,
  alone = false,
): SshCommand {
  pinHost(address, settings);
  const options = [...(alone ? ["-o", "ControlPath=none"] : []), ...sshOptions(address, settings)];
  const path = [wrapperFolder(project, options), process.env.PATH ?? ""].join(delimiter);
  return { address, options, pinned: settings.hostKey !== undefined, env: { PATH: path } };
}

/**
 * A folder with an `ssh` that adds the options. The docker command knows no other way, in any version: it calls the
 * `ssh` on PATH, with options of its own alone.
 */
function wrapperFolder(project: Project, options: readonly string[]): string {
  const text = `#!/bin/sh\n${passOn}exec "$ssh" ${options.map(quoted).join(" ")} "$@"\n`;
  const id = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const folder = join(ownFolder(project), "ssh", id);
  const file = join(folder, "ssh");
  if (existsSync(file)) return folder;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  chmodSync(draft, 0o700);
  renameSync(draft, file);
  return folder;
}

/** The ssh that comes after this one on PATH. */
const passOn = `own=$(dirname "$0")
IFS=:
for folder in $PATH; do
  [ "$folder" != "$own" ] && [ -x "$folder/ssh" ] && ssh=$folder/ssh && break
done
[ -n "\${ssh-}" ] || { echo "ssh is not on PATH" >&2; exit 127; }
`;

/** As a word of a shell. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** What ssh is given to reach the host: options, then user, port and name. */
export function sshArguments({ address, options }: Pick<SshCommand, "address" | "options">): string[] {
  const { username, hostname, port } = new URL(address);
  const name = hostname.replace(/^\[(.*)\]$/, "$1");
  const more = [...(username ? ["-l", decodeURIComponent(username)] : []), ...(port ? ["-p", port] : [])];
  return [...options, ...more, "--", name];
}

/** @throws CliError with exit code 2 where ssh has refused the host by its key: nothing was done there. */
export function refuseUnknownHost(said: string, { address, pinned }: SshCommand): void {
  if (!/Host key verification failed/.test(said)) return;
  const { host } = new URL(address);
  const shown = /SHA256:[A-Za-z0-9+/]+/.exec(said)?.[0];
  const has = shown === undefined ? "has another one" : `shows one with the fingerprint ${shown}`;
  throw badInput(
    pinned
      ? `${host} is not the host that host.hostKey names: it ${has}. It was not connected to, and nothing was changed. ` +
          "If the machine was made anew: tristack host key prints its key, to compare and to put there"
      : `${host} is not among the known hosts. It was not connected to, and nothing was changed. ` +
          "tristack host key prints its key, to compare and to put into host.hostKey",
  );
}
