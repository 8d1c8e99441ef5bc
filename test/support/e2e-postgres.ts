/** A PostgreSQL 16 by itself, which takes connections by TLS as RDS does. */
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { LABEL } from "../../components/shared/labels.ts";
import { PROJECT, scratch } from "./e2e-clone.ts";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";
import { docker } from "./e2e-engine.ts";
import { until } from "./e2e-until.ts";
import { freePort } from "./free-port.ts";

/** Of the image's user `postgres`, who alone may read the key. */
const POSTGRES = 70;

export interface Postgres {
  /** Secret: it holds the password. */
  readonly url: string;
  readonly password: string;
  readonly stop: () => Promise<void>;
}

export async function startPostgres(image: string): Promise<Postgres> {
  const folder = await mkdtemp(join(await scratch(), "postgres-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "crt.pem")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=database", "-days", "2"];
  succeeded(await run("openssl", [...request, "-keyout", key, "-out", certificate], { cwd: REPOSITORY }));
  await chmod(folder, 0o755);
  await chown(key, POSTGRES, POSTGRES);
  const port = await freePort();
  const password = randomBytes(16).toString("hex");
  const tls = { ssl: "on", ssl_cert_file: "/tls/crt.pem", ssl_key_file: "/tls/key.pem" };
  const container = await docker(
    ...["run", "--detach", "--label", `${LABEL.project}=${PROJECT}`, "--label", `${LABEL.stack}=lambda`],
    ...["--publish", `127.0.0.1:${port}:5432`, "--volume", `${folder}:/tls:ro`],
    ...["--env", `POSTGRES_PASSWORD=${password}`, image, "postgres"],
    ...Object.entries(tls).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  );
  const ready = () => docker("exec", container, "pg_isready", "--quiet", "--host", "127.0.0.1");
  await until(60, "PostgreSQL is ready", () => ready().then(() => true));
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres?sslmode=require`,
    password,
    stop: async () => void (await docker("rm", "--force", "--volumes", container)),
  };
}
