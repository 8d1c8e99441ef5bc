/** A gigabyte of rows: dumped, damaged, restored; each table's checksum equal. */
import assert from "node:assert/strict";
import { succeeded } from "../../support/e2e-command.ts";
import { psql } from "../../support/e2e-engine.ts";
import { saveFigures } from "../../support/e2e-figures.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

/** Rows of about 1 KiB each, of random text, which no compression makes small. */
const ROWS = 1_000_000;
const GIB = 2 ** 30;

describe("a database of a gigabyte", () => {
  let site: Workspace;

  before(async () => {
    site = await started("gigabyte", (workspace) =>
      workspace.change((settings) => settings.set(["backup"], { timeout: "1h" })),
    );
  });
  after(() => site?.dispose());

  const sums = (table: string) =>
    psql(`SELECT count(*), sum(('x' || left(md5(t::text), 15))::bit(60)::bigint) FROM ${table} t`);

  it("is dumped, and restored with the same rows", async () => {
    // Ten statements: one alone would need more time than the test's own client has.
    await psql("CREATE TABLE documents (id bigserial PRIMARY KEY, owner int, body text)");
    await psql("CREATE TABLE owners (id int PRIMARY KEY, name text)");
    await psql("INSERT INTO owners SELECT i, md5(i::text) FROM generate_series(1, 10000) i");
    for (let part = 0; part < 10; part += 1) {
      await psql(
        `INSERT INTO documents (owner, body)
         SELECT i % 10000, (SELECT string_agg(md5(i::text || part::text || '${part}'), '') FROM generate_series(1, 31) part)
         FROM generate_series(1, ${ROWS / 10}) i`,
      );
    }
    const bytes = Number(await psql("SELECT pg_database_size('app')"));
    assert.ok(bytes > GIB, `${bytes} bytes`);
    const [documents, owners] = [await sums("documents"), await sums("owners")];
    const dumped = succeeded(
      await site.tristack(["backup", "now", "local", "--json"], { timeoutSeconds: 3600 }),
    );
    const dump = JSON.parse(dumped.stdout) as { bytes: number };
    await psql("UPDATE owners SET name = 'damaged' WHERE id % 3 = 0; DELETE FROM documents WHERE id % 7 = 0");
    assert.notEqual(await sums("owners"), owners);
    const restored = succeeded(
      await site.tristack(["restore", "local", "--yes", "--json"], { timeoutSeconds: 3600 }),
    );
    assert.deepEqual([await sums("documents"), await sums("owners")], [documents, owners]);
    const { seconds, pausedSeconds } = JSON.parse(restored.stdout) as {
      seconds: number;
      pausedSeconds: number;
    };
    const drilled = succeeded(
      await site.tristack(["backup", "drill", "local", "--json"], { timeoutSeconds: 3600 }),
    );
    await saveFigures("gigabyte", {
      databaseBytes: bytes,
      dumpBytes: dump.bytes,
      backupSeconds: dumped.seconds,
      restoreSeconds: seconds,
      servicesStoppedSeconds: pausedSeconds,
      drillSeconds: drilled.seconds,
    });
  });
});
