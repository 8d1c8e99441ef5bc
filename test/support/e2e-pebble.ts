/**
 * A real ACME server, pebble of Let's Encrypt, and the DNS server that it asks: built once from their Go module (a minute
 * on two cores). pebble keeps everything in memory, and its own HTTPS certificate is of an authority made here.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { cacheFolder } from "../../toolchain/paths.ts";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";
import { ask } from "./e2e-http.ts";
import { Door } from "./e2e-outside.ts";
import { freePort } from "./free-port.ts";

const VERSION = "v2.10.1";
const MODULE = "github.com/letsencrypt/pebble/v2";

/** Every name leads to one machine, unless it is told otherwise. */
export class Dns {
  readonly port: number;
  readonly #management: string;
  readonly #server: Server;

  private constructor(port: number, management: number, server: Server) {
    this.port = port;
    this.#management = `http://127.0.0.1:${management}`;
    this.#server = server;
  }

  /** @param leadsTo that machine's address. @default this one's */
  static async start(leadsTo = "127.0.0.1"): Promise<Dns> {
    const [port, management] = [await freePort(), await freePort()];
    const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv6", ""];
    const where = ["-dnsserver", `127.0.0.1:${port}`, "-management", `127.0.0.1:${management}`];
    const own = [...where, "-defaultIPv4", leadsTo];
    const server = serve(await program("pebble-challtestsrv"), [...off, ...own]);
    const dns = new Dns(port, management, server);
    await ready("the DNS server", () => dns.#tell("clear-txt", { host: "none.test." }));
    return dns;
  }

  /** Questions for a name fail from now on. */
  refuse(host: string): Promise<void> {
    return this.#tell("set-servfail", { host });
  }

  answer(host: string): Promise<void> {
    return this.#tell("clear-servfail", { host });
  }

  /** TXT records of one name, in place of those before. */
  async text(host: string, values: readonly string[]): Promise<void> {
    await this.#tell("clear-txt", { host });
    for (const value of values) await this.#tell("set-txt", { host, value });
  }

  async #tell(what: string, body: Record<string, string>): Promise<void> {
    const answer = await fetch(`${this.#management}/${what}`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}

export interface PebbleOptions {
  /** For its files. */
  readonly folder: string;
  /** Address of this machine as containers see it. */
  readonly address: string;
  /** Port that it asks for challenges at. */
  readonly httpPort: number;
  readonly dns: Dns;
}

export class Pebble {
  /** URL for certbot; it leads through `door`. */
  readonly directory: string;
  /** Authority of the server's own certificate, as PEM. */
  readonly authority: string;
  /** Can be closed, as the network can. */
  readonly door: Door;
  readonly #management: string;
  readonly #server: Server;

  private constructor(directory: string, authority: string, door: Door, management: string, server: Server) {
    this.directory = directory;
    this.authority = authority;
    this.door = door;
    this.#management = management;
    this.#server = server;
  }

  static async start({ folder, address, httpPort, dns }: PebbleOptions): Promise<Pebble> {
    await mkdir(folder, { recursive: true });
    const [port, management] = [await freePort(), await freePort()];
    const authority = await makeAuthority(folder, address);
    const config = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: "server.pem",
      privateKey: "server.key",
      httpPort,
      tlsPort: 1,
      ocspResponderURL: "",
      externalAccountBindingRequired: false,
      retryAfter: { authz: 1, order: 1 },
      keyAlgorithm: "ecdsa",
      profiles: { default: { description: "of 90 days", validityPeriod: 90 * 86_400 } },
    };
    await writeFile(join(folder, "config.json"), JSON.stringify({ pebble: config }));
    const args = ["-config", "config.json", "-dnsserver", `127.0.0.1:${dns.port}`];
    const server = serve(await program("pebble"), args, {
      cwd: folder,
      // Without them it refuses nonces and takes back its own answers at random, and asks no name twice.
      env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "0", PEBBLE_AUTHZREUSE: "0" },
    });
    const door = await Door.to(port);
    const directory = `https://${address}:${door.port}/dir`;
    const pebble = new Pebble(directory, authority, door, `https://127.0.0.1:${management}`, server);
    await ready("pebble", () => pebble.root());
    console.log(`      ACME server: pebble ${VERSION}`);
    return pebble;
  }

  /** What it signs with, at the top: as PEM. It is made anew with each start. */
  async root(): Promise<string> {
    const answer = await ask(`${this.#management}/roots/0`);
    if (answer.status !== 200) throw new Error(`pebble's root: ${answer.status}`);
    return answer.body.toString();
  }

  /** From now on it says that a certificate is to be renewed at once (ARI). @param pem of the certificate */
  async due(pem: string): Promise<void> {
    const past = { start: "2020-01-01T00:00:00Z", end: "2020-01-02T00:00:00Z" };
    const json = { Certificate: pem, ARIResponse: JSON.stringify({ suggestedWindow: past }) };
    // It refuses whoever does not say who they are.
    const headers = { "user-agent": "e2e" };
    const answer = await ask(`${this.#management}/set-renewal-info/`, { method: "POST", headers, json });
    if (answer.status !== 200)
      throw new Error(`pebble's renewal info: ${answer.status} ${answer.body.toString()}`);
  }

  async stop(): Promise<void> {
    await this.door.close();
    await this.#server.stop();
  }
}

/** An authority, and a certificate of it for the server. */
async function makeAuthority(folder: string, address: string): Promise<string> {
  const openssl = async (...args: string[]) => succeeded(await run("openssl", args, { cwd: folder }));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...key,
    "-days",
    "30",
    "-subj",
    "/CN=e2e",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
  );
  await openssl("req", ...key, "-subj", "/CN=pebble", "-keyout", "server.key", "-out", "server.csr");
  await writeFile(join(folder, "names"), `subjectAltName=IP:${address},IP:127.0.0.1\n`);
  const sign = [
    "-req",
    "-in",
    "server.csr",
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-days",
    "30",
  ];
  await openssl("x509", ...sign, "-extfile", "names", "-out", "server.pem");
  return readFile(join(folder, "ca.pem"), "utf8");
}

interface Server {
  stop(): Promise<void>;
}

function serve(
  file: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Server {
  const server = execa(file, args, { ...options, reject: false, buffer: false, stdio: "ignore" });
  return {
    stop: async () => {
      server.kill();
      await server;
    },
  };
}

async function ready(what: string, check: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const error = await check().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    if (tries > 100) throw new Error(`${what} did not get ready`, { cause: error });
    await sleep(100);
  }
}

async function program(name: "pebble" | "pebble-challtestsrv"): Promise<string> {
  const folder = cacheFolder("test-tools", `pebble-${VERSION}`);
  const file = join(folder, name);
  if (existsSync(file)) return file;
  console.log(`      building ${name}, once`);
  const env = { GOBIN: folder, CGO_ENABLED: "0", GOWORK: "off" };
  const args = ["install", `${MODULE}/cmd/${name}@${VERSION}`];
  succeeded(await run("go", args, { cwd: REPOSITORY, env, timeoutSeconds: 1800 }));
  return file;
}
