/** A PostgreSQL 16 in Docker whose first user may as much as RDS' does: it makes roles and databases, and is no superuser. */
import { setTimeout as sleep } from "node:timers/promises";
import { LABEL } from "../../components/shared/labels.ts";
import { ensureBaseImages } from "../../toolchain/images.ts";
import { PROJECT } from "./e2e-clone.ts";
import { type Ran, REPOSITORY, run } from "./e2e-command.ts";
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

export class Rds {
  /** Of the first user, `app`. */
  readonly password: string;
  readonly #image: string;

  private constructor(password: string, image: string) {
    this.password = password;
    this.#image = image;
  }

  /** @param host name that it has in its network */
  static async start(host: string, password: string): Promise<Rds> {
    await sweep();
    const image = (await ensureBaseImages()).postgres.reference;
    await docker("network", "create", ...LABELS, NAME);
    await docker(
      ...["run", "--detach", "--name", NAME, "--network", NAME, "--network-alias", host, ...LABELS],
      ...["--env", "POSTGRES_USER=rdsadmin", "--env", "POSTGRES_PASSWORD=of-rds-alone"],
      // As the parameter group of components/aws/database.ts has it.
      ...[image, "postgres", "-c", "log_statement=ddl"],
    );
    const rds = new Rds(password, image);
    for (
      const began = Date.now();
      (await rds.as("rdsadmin", "of-rds-alone", "rdsadmin", "SELECT 1")).exitCode !== 0;
    ) {
      if (Date.now() - began > START_SECONDS * 1000) throw new Error("PostgreSQL did not answer");
      await sleep(200);
    }
    for (const statement of [...FIRST_USER, `ALTER ROLE app PASSWORD '${password}'`])
      await rds.superuser(statement);
    return rds;
  }

  /** What RDS keeps to itself. */
  superuser(statement: string): Promise<string> {
    return docker("exec", NAME, "psql", "-U", "rdsadmin", "-v", "ON_ERROR_STOP=1", "-Atqc", statement);
  }

  /** One statement of a user who logs in with a password. */
  as(user: string, password: string, database: string, statement: string): Promise<Ran> {
    const login = ["--env", "PGPASSWORD", NAME, "psql", "-h", "127.0.0.1", "-U", user, "-d", database];
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
    return run("docker", ["logs", NAME], { cwd: REPOSITORY }).then(({ all }) => all);
  }

  stop(): Promise<void> {
    return sweep();
  }
}
