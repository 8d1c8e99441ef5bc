/** Filling the database of a new environment: with a fixture, or with a dump that somebody has made fit to be shown. */
import { createReadStream, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { VpsSettings } from "../../components/settings.ts";
import { type Docker, ownContainers } from "../docker.ts";
import type { Engine } from "../engine.ts";
import { badInput, failed, messageOf } from "../errors.ts";
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
  const need = "needs a file with SQL, or one made by pg_dump -Fc";
  if (!existsSync(file)) throw badInput(`--seed: ${file}; ${need}`);
  try {
    const packed = (await firstBytes(file)).subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]));
    const begin = packed ? await unpackedBegin(file) : await firstBytes(file);
    return { file, packed, kind: begin.toString("latin1").startsWith(DUMP) ? "dump" : "sql" };
  } catch (error) {
    throw badInput(`--seed: ${file}: ${messageOf(error)}; ${need}`);
  }
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
  const to = ["--username", database.user, "--dbname", database.name];
  const restore = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--exit-on-error"];
  const command =
    seed.kind === "sql"
      ? ["psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", ...to]
      : ["pg_restore", "--single-transaction", ...restore, ...to];
  const child = docker.start(["exec", "--interactive", id, ...command]);
  let [told, said] = ["", ""];
  const end = (text: string) => text.slice(-4000);
  child.stdout.on("data", (part: Buffer) => (told = end(told + part.toString())));
  child.stderr.on("data", (part: Buffer) => (said = end(said + part.toString())));
  const file = createReadStream(seed.file);
  const plain = seed.packed ? file.pipe(createGunzip()) : file;
  if (seed.packed) file.once("error", (error) => plain.destroy(error));
  // A program that ends in the middle says why itself.
  const broken = await pipeline(seed.kind === "sql" ? inOneTransaction(plain) : plain, child.stdin).then(
    () => undefined,
    (error: unknown) => error,
  );
  const { exitCode } = await child;
  const whole = seed.kind === "dump" || told.includes(COMMITTED);
  if (exitCode === 0 && broken === undefined && whole) return;
  const why =
    said.trim() || (broken === undefined ? "it ends in the middle of a statement" : messageOf(broken));
  throw failed(`${seed.file}: ${why}\nNothing of it is in the database.`, broken);
}

const COMMITTED = "tristack-committed";

/** The end of what comes commits nothing by itself: a file that breaks off would be taken for a whole one. */
async function* inOneTransaction(sql: AsyncIterable<Buffer>) {
  yield "BEGIN;\n";
  yield* sql;
  yield `\n;\nCOMMIT;\n\\echo ${COMMITTED}\n`;
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
