/** An authority of the tests' own, which signs certificates of servers in Docker. */
import { chmod, chown, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run, succeeded } from "./e2e-command.ts";

const NEW_KEY = ["-newkey", "rsa:2048", "-nodes"];
const DAYS = ["-days", "2"];

export class Authority {
  /** Its own certificate, as PEM. */
  readonly pem: string;
  readonly #folder: string;

  private constructor(folder: string, pem: string) {
    this.#folder = folder;
    this.pem = pem;
  }

  /** @param folder for its files */
  static async make(folder: string): Promise<Authority> {
    const own = ["-subj", "/CN=authority of the tests", "-keyout", "ca.key", "-out", "ca.pem"];
    await openssl(folder, "req", "-x509", ...NEW_KEY, ...DAYS, ...own);
    return new Authority(folder, await readFile(join(folder, "ca.pem"), "utf8"));
  }

  /** @returns the folder of server.pem and server.key, which that user of a container may read */
  async sign(host: string, user: number): Promise<string> {
    const folder = this.#folder;
    const files = ["-keyout", "server.key", "-out", "server.csr"];
    await openssl(folder, "req", ...NEW_KEY, "-subj", "/CN=server", ...files);
    await writeFile(join(folder, "names"), `subjectAltName=DNS:${host}\n`);
    const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"];
    await openssl(folder, "x509", "-req", "-in", "server.csr", ...by, ...DAYS, "-out", "server.pem");
    await chmod(folder, 0o755);
    await chown(join(folder, "server.key"), user, user);
    return folder;
  }
}

async function openssl(cwd: string, ...args: string[]): Promise<void> {
  succeeded(await run("openssl", args, { cwd }));
}
