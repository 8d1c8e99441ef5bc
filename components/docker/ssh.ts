/** How ssh is called wherever a stack needs it: by the provider's plugin, the docker command and `tristack host`. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { HostSettings } from "../settings/host.ts";

/** Connections made at a time: an sshd that nobody has prepared drops some when there are ten. */
export const CONNECTIONS_AT_ONCE = 4;

export type SshSettings = Pick<HostSettings, "sshOptions" | "hostKey">;

/**
 * Options for ssh. They are part of Pulumi's state, and what a refresh or a destroy uses: so they are the same on every
 * machine, and the pinned key is not among them but in a file (`pinHost`), which today's settings decide.
 *
 * Of an option that is given twice ssh takes the first: nobody's configuration turns the check of the host's key off,
 * and everything else is theirs to change.
 */
export function sshOptions(address: string, settings: SshSettings): string[] {
  const id = idOf(address, settings);
  return [...options(keyCheck(id, settings)), ...settings.sshOptions, ...options(connection(id))];
}

function keyCheck(id: string, { hostKey }: SshSettings): string[] {
  // Without a pinned key it has to be a known host of whoever runs this.
  if (hostKey === undefined) return ["StrictHostKeyChecking=yes"];
  return [
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=~/.ssh/${id}.key`,
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
  ];
}

/** Docker opens a connection for every few requests: they share one, which sshd's limits on new ones do not touch. */
function connection(id: string): string[] {
  return [
    "BatchMode=yes",
    "ConnectTimeout=30",
    "ServerAliveInterval=15",
    "ControlMaster=auto",
    "ControlPersist=60",
    `ControlPath=~/.ssh/${id}`,
  ];
}

function options(values: readonly string[]): string[] {
  return values.flatMap((value) => ["-o", value]);
}

/** Short: the path of a socket may have about a hundred letters. */
function idOf(address: string, settings: SshSettings): string {
  const what = JSON.stringify([address, settings.sshOptions]);
  return `tristack-${createHash("sha256").update(what).digest("hex").slice(0, 16)}`;
}

/**
 * Puts the pinned key where ssh looks for it. Before anything calls ssh.
 * @param folder ssh takes `~` for the user's home, whatever HOME says. @default that home's .ssh
 */
export function pinHost(
  address: string,
  settings: SshSettings,
  folder = join(userInfo().homedir, ".ssh"),
): void {
  // ssh gives up where the folder of the shared connection's socket is not there.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const socket = join(folder, idOf(address, settings));
  const file = `${socket}.key`;
  const present = existsSync(file) ? readFileSync(file, "utf8") : "";
  // Any name: the file is of this one host.
  const wanted = settings.hostKey === undefined ? "" : `* ${settings.hostKey}\n`;
  if (present === wanted) return;
  // A connection that is open has been checked against another key: nobody is to find it any more.
  rmSync(socket, { force: true });
  if (wanted === "") return rmSync(file);
  writeFileSync(`${file}.${process.pid}`, wanted, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}
