/** PostgreSQL's settings by its memory. */
import assert from "node:assert/strict";
import { postgresTuning } from "../../components/shared/postgres-tuning.ts";

const settings = (memory: string) => postgresTuning(memory).filter((word) => word !== "-c");

describe("the settings of PostgreSQL", () => {
  it("give a quarter of the memory to its buffers, and as many connections as RDS would", () => {
    assert.deepEqual(settings("2GiB"), [
      "shared_buffers=512MB",
      "max_connections=225",
      "effective_cache_size=1536MB",
    ]);
    assert.deepEqual(settings("16GiB").slice(0, 2), ["shared_buffers=4096MB", "max_connections=1802"]);
  });

  it("have a least", () => {
    assert.deepEqual(settings("128MiB").slice(0, 2), ["shared_buffers=32MB", "max_connections=100"]);
  });
});
