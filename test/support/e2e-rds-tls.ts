/**
 * RDS as a client sees it: PostgreSQL 16 that takes connections by TLS alone, with a certificate of an authority of its
 * own, and an owner of the database who is no superuser.
 */
import { chmod, chown, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LABEL } from "../../components/shared/labels.ts";
import { PROJECT } from "./e2e-clone.ts";
import { run, succeeded } from "./e2e-command.ts";
import { docker } from "./e2e-engine.ts";

export interface RdsArgs {
  readonly name: string;
  /** Image with a server of PostgreSQL 16. */
  readonly image: string;
  /** Docker network, and the name of the database's host there. */
  readonly network: string;
  readonly host: string;
  readonly authority: Authority;
  /** Of the user `app`, who owns the database `app`. */
  readonly password: string;
}

const START_SECONDS = 60;
/** The user that the server runs as, in the official image and in the stand-in. */
const POSTGRES_USER = 70;

export class Rds {
  readonly #name: string;

  private constructor(name: string) {
    this.#name = name;
  }

  static async start({ name, image, network, host, authority, password }: RdsArgs): Promise<Rds> {
    const folder = await authority.sign(host);
    await docker(
      "run",
      "--detach",
      ...["--name", name, "--label", `${LABEL.project}=${PROJECT}`],
      ...["--network", network, "--network-alias", host],
      ...["--volume", `${folder}:/tls:ro`, "--env", "POSTGRES_PASSWORD=of-the-superuser"],
      image,
      ...[
        "postgres",
        "-c",
        "ssl=on",
        "-c",
        "ssl_cert_file=/tls/server.pem",
        "-c",
        "ssl_key_file=/tls/server.key",
      ],
    );
    const rds = new Rds(name);
    for (const end = Date.now() + START_SECONDS * 1000; ; await sleep(300)) {
      const ran = await rds.#superuser("SELECT pg_postmaster_start_time()");
      // The server that makes the database has no network, and ends.
      const log = await run("docker", ["logs", name], { cwd: "/" });
      if (ran.exitCode === 0 && /listening on IPv4/.test(log.all)) break;
      if (Date.now() > end) throw new Error(`${name} did not start: ${log.all}`);
    }
    // As `rds.force_ssl` has it; and the master user of RDS is no superuser.
    await docker(
      "exec",
      name,
      "sed",
      "-i",
      "s/^host all all all/hostssl all all all/",
      "/var/lib/postgresql/data/pg_hba.conf",
    );
    for (const statement of [
      "SELECT pg_reload_conf()",
      `CREATE ROLE app LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`,
      "CREATE DATABASE app OWNER app",
    ])
      succeeded(await rds.#superuser(statement));
    return rds;
  }

  /** Answer to statements of the owner, as unaligned text. */
  async psql(statements: string): Promise<string> {
    const command = [
      "exec",
      "-i",
      this.#name,
      "psql",
      "-U",
      "app",
      "-d",
      "app",
      "-XAtq",
      "-v",
      "ON_ERROR_STOP=1",
    ];
    return succeeded(await run("docker", command, { cwd: "/", input: statements })).stdout.trim();
  }

  /** Databases that the owner has. */
  databases(): Promise<string> {
    return this.psql(
      "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE pg_get_userbyid(datdba) = 'app'",
    );
  }

  #superuser(statement: string) {
    return run("docker", ["exec", this.#name, "psql", "-U", "postgres", "-XAtqc", statement], { cwd: "/" });
  }

  async stop(): Promise<void> {
    await docker("rm", "--force", "--volumes", this.#name);
  }
}

/** Who signs a server's certificate. */
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
    const own = ["-subj", "/CN=RDS of the tests", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"];
    await openssl(folder, "req", "-x509", ...NEW_KEY, ...own);
    return new Authority(folder, await readFile(join(folder, "ca.pem"), "utf8"));
  }

  /** @returns the folder of server.pem and server.key, which the server's user may read */
  async sign(host: string): Promise<string> {
    const folder = this.#folder;
    await openssl(
      folder,
      "req",
      ...NEW_KEY,
      "-subj",
      "/CN=rds",
      "-keyout",
      "server.key",
      "-out",
      "server.csr",
    );
    await writeFile(join(folder, "names"), `subjectAltName=DNS:${host}\n`);
    const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
    await openssl(folder, "x509", "-req", "-in", "server.csr", ...by, "-out", "server.pem");
    await chmod(folder, 0o755);
    await chown(join(folder, "server.key"), POSTGRES_USER, POSTGRES_USER);
    return folder;
  }
}

const NEW_KEY = ["-newkey", "rsa:2048", "-nodes"];

async function openssl(cwd: string, ...args: string[]): Promise<void> {
  succeeded(await run("openssl", args, { cwd }));
}
