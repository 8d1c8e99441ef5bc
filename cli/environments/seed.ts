/** Filling the database of a new environment: with a fixture, or with a dump that somebody has made fit to be shown. */
import { createReadStream, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { VpsSettings } from "../../components/settings.ts";
import { type Docker, ownContainers } from "../docker.ts";
import type { Engine } from "../engine.ts";
import { badInput, failed } from "../errors.ts";
import type { Progress } from "../progress.ts";
import { outputsOf } from "../stack-state.ts";
import { update } from "../update.ts";

/** How a file in PostgreSQL's custom format begins. */
const DUMP = "PGDMP";
const CONTAINER = "docker:index/container:Container";

/** SQL for psql, or a dump for pg_restore; each may be compressed by gzip. */
export interface Seed {
  readonly file: string;
  readonly kind: "sql" | "dump";
  readonly packed: boolean;
}

/** @throws CliError with exit code 2 where it is none */
export async function readSeed(file: string): Promise<Seed> {
  if (!existsSync(file)) throw badInput(`--seed: ${file}; needs a file with SQL, or one made by pg_dump -Fc`);
  const packed = (await firstBytes(file)).subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]));
  const begin = packed ? await unpackedBegin(file) : await firstBytes(file);
  return { file, packed, kind: begin.toString("latin1").startsWith(DUMP) ? "dump" : "sql" };
}

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(DUMP.length), 0, DUMP.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function unpackedBegin(file: string): Promise<Buffer> {
  const unpacked = createReadStream(file).pipe(createGunzip());
  for await (const chunk of unpacked) return chunk as Buffer;
  return Buffer.alloc(0);
}

/**
 * Fills it, all or nothing. A dump brings its own schema in the place of that which migrations have made; so they run
 * again afterwards.
 */
export async function seedDatabase(
  engine: Engine,
  docker: Docker,
  settings: VpsSettings,
  seed: Seed,
  progress: Progress,
): Promise<void> {
  await progress.step(`Seeding the database with ${seed.file}`, () => load(engine, docker, settings, seed));
  if (seed.kind === "sql") return;
  const migrations = await migrationsOf(engine);
  if (migrations.length > 0)
    await update(engine, docker, progress, { restored: false, replace: migrations, title: "Migrating it" });
}

async function load(engine: Engine, docker: Docker, { database }: VpsSettings, seed: Seed): Promise<void> {
  const own = ownContainers(engine.owner, "postgres");
  const id = (await docker.run(["ps", "--quiet", ...own])).trim();
  if (id === "") throw failed(`The database of ${engine.stackName} does not run.`);
  const to = ["--username", database.user, "--dbname", database.name, "--single-transaction"];
  const command =
    seed.kind === "sql"
      ? ["psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", ...to]
      : ["pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--exit-on-error", ...to];
  const child = docker.start(["exec", "--interactive", id, ...command]);
  let said = "";
  child.stdout.resume();
  child.stderr.on("data", (part: Buffer) => (said = (said + part.toString()).slice(-4000)));
  const source = createReadStream(seed.file);
  const feeding = seed.packed ? pipeline(source, createGunzip(), child.stdin) : pipeline(source, child.stdin);
  // A program that ends in the middle says why itself.
  const broken = await feeding.then(
    () => undefined,
    (error: unknown) => error,
  );
  const { exitCode } = await child;
  if (exitCode === 0 && broken === undefined) return;
  throw failed(`${seed.file}: ${said.trim() || String(broken)}\nNothing of it is in the database.`, broken);
}

/** Names of the containers that the release's migrations ran in. */
async function migrationsOf(engine: Engine): Promise<string[]> {
  const state = (await engine.state()) ?? {};
  const version = outputsOf(state).release as { version?: string } | undefined;
  return (state.resources ?? [])
    .filter(({ type, urn }) => type === CONTAINER && urn.includes("tristack:docker:Migration$"))
    .filter(({ urn }) =>
      urn
        .split("::")
        .pop()
        ?.includes(`-migration-${version?.version?.slice(0, 40) ?? ""}`),
    )
    .map(({ urn }) => urn);
}
