/** A PostgreSQL 16 in Docker whose first user may as much as RDS' does: it makes roles and databases, and is no superuser. */
import { setTimeout as sleep } from "node:timers/promises";
import { LABEL } from "../../components/shared/labels.ts";
import { ensureDocker } from "../../toolchain/docker.ts";
import { ensureBaseImages } from "../../toolchain/images.ts";
import type { Authority } from "./e2e-authority.ts";
import { PROJECT } from "./e2e-clone.ts";
import { type Ran, REPOSITORY, run, succeeded } from "./e2e-command.ts";
import { docker, sweep } from "./e2e-engine.ts";

const LABELS = ["--label", `${LABEL.project}=${PROJECT}`, "--label", `${LABEL.stack}=rds`];
const NAME = "tristack-e2e-rds";
/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html */
const FIRST_USER = [
  "CREATE ROLE app LOGIN NOSUPERUSER CREATEDB CREATEROLE",
  "GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO app WITH ADMIN OPTION",
  "ALTER DATABASE postgres OWNER TO app",
  "CREATE DATABASE app OWNER app",
];
const START_SECONDS = 60;
/** The user that the image's server runs as. */
const POSTGRES = 70;

export interface RdsOptions {
  /** A network that is there, and the name of its container. @default a network of its own, and nothing beside it */
  readonly beside?: { readonly network: string; readonly name: string };
  /** Who signs its certificate: it takes connections by TLS alone then, as `rds.force_ssl` has it. @default no TLS */
  readonly authority?: Authority;
}

export class Rds {
  /** Of the first user, `app`. */
  readonly password: string;
  readonly #image: string;
  readonly #name: string;

  private constructor(password: string, image: string, name: string) {
    this.password = password;
    this.#image = image;
    this.#name = name;
  }

  /** @param host name that it has in its network */
  static async start(host: string, password: string, options: RdsOptions = {}): Promise<Rds> {
    const { beside, authority } = options;
    if (!beside) {
      await ensureDocker();
      await sweep();
    }
    const image = (await ensureBaseImages()).postgres.reference;
    const { network, name } = beside ?? { network: NAME, name: NAME };
    if (!beside) await docker("network", "create", ...LABELS, NAME);
    const tls = authority && (await authority.sign(host, POSTGRES));
    const ssl = { ssl: "on", ssl_cert_file: "/tls/server.pem", ssl_key_file: "/tls/server.key" };
    await docker(
      ...["run", "--detach", "--name", name, "--network", network, "--network-alias", host, ...LABELS],
      ...["--env", "POSTGRES_USER=rdsadmin", "--env", "POSTGRES_PASSWORD=of-rds-alone"],
      ...(tls === undefined ? [] : ["--volume", `${tls}:/tls:ro`]),
      // As the parameter group of components/aws/database.ts has it.
      ...[image, "postgres", "-c", "log_statement=ddl"],
      ...Object.entries(tls === undefined ? {} : ssl).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
    );
    const rds = new Rds(password, image, name);
    for (
      const began = Date.now();
      (await rds.as("rdsadmin", "of-rds-alone", "rdsadmin", "SELECT 1")).exitCode !== 0;
    ) {
      if (Date.now() - began > START_SECONDS * 1000) throw new Error("PostgreSQL did not answer");
      await sleep(200);
    }
    for (const statement of [...FIRST_USER, `ALTER ROLE app PASSWORD '${password}'`])
      await rds.superuser(statement);
    if (authority) {
      const change = ["sed", "-i", "s/^host all all all/hostssl all all all/"];
      await docker("exec", name, ...change, "/var/lib/postgresql/data/pg_hba.conf");
      await rds.superuser("SELECT pg_reload_conf()");
    }
    return rds;
  }

  /** Answer to statements of the first user in its database, as unaligned text. */
  async owner(statements: string): Promise<string> {
    const psql = ["psql", "-U", "app", "-d", "app", "-v", "ON_ERROR_STOP=1", "-XAtq"];
    const options = { cwd: REPOSITORY, input: statements };
    return succeeded(await run("docker", ["exec", "-i", this.#name, ...psql], options)).stdout.trim();
  }

  /** What RDS keeps to itself. */
  superuser(statement: string): Promise<string> {
    return docker("exec", this.#name, "psql", "-U", "rdsadmin", "-v", "ON_ERROR_STOP=1", "-Atqc", statement);
  }

  /** One statement of a user who logs in with a password. */
  as(user: string, password: string, database: string, statement: string): Promise<Ran> {
    const login = ["--env", "PGPASSWORD", this.#name, "psql", "-h", "127.0.0.1", "-U", user, "-d", database];
    const args = ["exec", ...login, "-v", "ON_ERROR_STOP=1", "-Atqc", statement];
    return run("docker", args, { cwd: REPOSITORY, env: { PGPASSWORD: password } });
  }

  /** Runs a container beside it, as Fargate does: with a read-only root, and secrets as variables. */
  job(command: readonly string[], variables: Readonly<Record<string, string>>): Promise<Ran> {
    const named = Object.keys(variables).flatMap((name) => ["--env", name]);
    const args = ["run", "--rm", "--network", NAME, "--read-only", "--tmpfs", "/tmp", ...LABELS, ...named];
    return run("docker", [...args, this.#image, ...command], { cwd: REPOSITORY, env: variables });
  }

  log(): Promise<string> {
    return run("docker", ["logs", this.#name], { cwd: REPOSITORY }).then(({ all }) => all);
  }

  async stop(): Promise<void> {
    if (this.#name === NAME) await sweep();
    else await docker("rm", "--force", "--volumes", this.#name);
  }
}
