/** A real sshd on this machine: a port, a host key and a login of its own, and otherwise sshd's defaults. */
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { install } from "../../toolchain/apt.ts";
import { run, succeeded } from "./e2e-command.ts";
import { freePort } from "./free-port.ts";

const PROGRAM = "/usr/sbin/sshd";

export interface Counts {
  readonly logins: number;
  readonly sessions: number;
  readonly dropped: number;
  readonly apart: number;
}

export class Sshd {
  readonly port: number;
  readonly folder: string;
  readonly #stop: () => Promise<void>;

  private constructor(port: number, folder: string, stop: () => Promise<void>) {
    this.port = port;
    this.folder = folder;
    this.#stop = stop;
  }

  static async start(folder: string): Promise<Sshd> {
    if (!existsSync(PROGRAM)) await install(["openssh-server"], (line) => console.log(`      ${line}`));
    const port = await freePort();
    for (const name of ["host", "other", "login"]) await newKey(folder, name);
    await copyFile(join(folder, "login.pub"), join(folder, "authorized"));
    await chmod(join(folder, "authorized"), 0o600);
    const config = [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${folder}/host`,
      `AuthorizedKeysFile ${folder}/authorized`,
      "PasswordAuthentication no",
      "PidFile none",
      // The folder lies below /tmp, which everybody may write to.
      "StrictModes no",
      "LogLevel VERBOSE",
    ];
    await writeFile(join(folder, "sshd_config"), `${config.join("\n")}\n`);
    await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    const args = ["-D", "-f", join(folder, "sshd_config"), "-E", join(folder, "log")];
    const server = execa(PROGRAM, args, { reject: false, stdin: "ignore" });
    const sshd = new Sshd(port, folder, async () => {
      server.kill();
      await server;
    });
    for (let tries = 0; !/Server listening/.test(await sshd.log()); tries += 1) {
      if (tries > 50) throw new Error(`sshd did not start:\n${await sshd.log()}`);
      await sleep(100);
    }
    const { stderr } = await execa("ssh", ["-V"]);
    console.log(`      sshd and ssh: ${stderr.trim()}; MaxStartups and MaxSessions as they come`);
    return sshd;
  }

  get address(): string {
    return "ssh://root@127.0.0.1";
  }

  /** For `host.sshOptions`. */
  get options(): string[] {
    return ["-o", `Port=${this.port}`, "-o", `IdentityFile=${this.folder}/login`, "-o", "IdentitiesOnly=yes"];
  }

  /** @param name `host`: the right one; `other`: that of another machine */
  async key(name: "host" | "other"): Promise<string> {
    const [type = "", key = ""] = (await readFile(join(this.folder, `${name}.pub`), "utf8")).split(" ");
    return `${type} ${key}`;
  }

  log(): Promise<string> {
    return readFile(join(this.folder, "log"), "utf8").catch(() => "");
  }

  /** Logins and sessions so far; connections that sshd turned away; sessions that went over a login of their own instead. */
  async counts(): Promise<Counts> {
    const log = await this.log();
    const count = (text: RegExp) => [...log.matchAll(text)].length;
    return {
      logins: count(/Accepted publickey/g),
      sessions: count(/Starting session: command/g),
      dropped: count(/drop connection|MaxStartups throttling/g),
      apart: count(/no more sessions/g),
    };
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

async function newKey(folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const args = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(folder, name)];
  succeeded(await run("ssh-keygen", args, { cwd: folder }));
}

/** Removes what the commands have put into this user's own folder for hosts of these keys. */
export async function forgetKeys(keys: readonly (string | undefined)[]): Promise<void> {
  const folder = join(userInfo().homedir, ".ssh");
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^tristack-.*\.key$/.test(name));
  for (const name of names) {
    const text = await readFile(join(folder, name), "utf8");
    if (keys.some((key) => key !== undefined && text.includes(key))) await rm(join(folder, name));
  }
}
