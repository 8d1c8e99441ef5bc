/** How ssh is called wherever a stack needs it: by the provider's plugin, the docker command and `tristack host`. */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { HostSettings } from "../settings/host.ts";

export type SshSettings = Pick<HostSettings, "sshOptions" | "hostKey">;

/**
 * Options for ssh. The same on every machine, since the provider's are part of Pulumi's state: the pinned key comes by a
 * command and not by a file (OpenSSH 8.5 or newer), and the socket of the shared connection lies in `~/.ssh`.
 *
 * Of an option that is given twice ssh takes the first: nobody's configuration turns the check of the host's key off,
 * and everything else is theirs to change.
 */
export function sshOptions(address: string, settings: SshSettings): string[] {
  return [...options(keyCheck(settings)), ...settings.sshOptions, ...options(connection(address, settings))];
}

function keyCheck({ hostKey }: SshSettings): string[] {
  // Without a pinned key it has to be a known host of whoever runs this.
  if (hostKey === undefined) return ["StrictHostKeyChecking=yes"];
  return [
    "StrictHostKeyChecking=yes",
    `KnownHostsCommand=/bin/echo %H ${hostKey}`,
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=/dev/null",
  ];
}

/** Docker opens a connection for every few requests: they share one, which sshd's limits on new ones do not touch. */
function connection(address: string, settings: SshSettings): string[] {
  // Its own socket for each key and set of options: a shared connection has been checked against the key it began with.
  const id = createHash("sha256")
    .update(JSON.stringify([address, settings]))
    .digest("hex")
    .slice(0, 16);
  return [
    "BatchMode=yes",
    "ConnectTimeout=30",
    "ServerAliveInterval=15",
    "ControlMaster=auto",
    "ControlPersist=60",
    `ControlPath=~/.ssh/tristack-${id}`,
  ];
}

function options(values: readonly string[]): string[] {
  return values.flatMap((value) => ["-o", value]);
}

/** ssh gives up where the folder of the shared connection's socket is not there; `~` is the user's, whatever HOME says. */
export function ensureSshFolder(): void {
  mkdirSync(join(userInfo().homedir, ".ssh"), { recursive: true, mode: 0o700 });
}
