/** The key that a host shows: what a person compares with what the host's console says, and puts into the settings. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { failed } from "./errors.ts";
import { type SshCommand, sshArguments } from "./ssh.ts";

export interface HostKey {
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

/** Asked for by ssh itself, so that ports, names and jumps are as its options and its configuration say; nobody logs in. */
export async function readHostKey(ssh: SshCommand): Promise<HostKey> {
  const folder = await mkdtemp(join(tmpdir(), "tristack-key-"));
  const file = join(folder, "known_hosts");
  try {
    const first = [
      "StrictHostKeyChecking=accept-new",
      `UserKnownHostsFile=${file}`,
      "HashKnownHosts=no",
      "PreferredAuthentications=none",
      "ControlMaster=no",
      "ControlPath=none",
    ].flatMap((option) => ["-o", option]);
    const args = [...first, "-o", "GlobalKnownHostsFile=/dev/null", ...sshArguments(ssh), "true"];
    const { stderr } = await execa("ssh", args, { reject: false, stdin: "ignore", timeout: 60_000 });
    const line = (await readFile(file, "utf8").catch(() => "")).trim().split("\n").pop() ?? "";
    const [, type, key] = line.split(" ");
    if (!type || !key)
      throw failed(`${ssh.address} shows no key: ${stderr.trim().split("\n").pop() ?? "no answer"}`);
    return { hostKey: `${type} ${key}`, fingerprint: fingerprintOf(key) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function fingerprintOf(key: string): string {
  const sum = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64");
  return `SHA256:${sum.replace(/=+$/, "")}`;
}
