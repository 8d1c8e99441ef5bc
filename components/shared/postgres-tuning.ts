/** Server settings of PostgreSQL that follow from its memory. */
import { mebibytes } from "./units.ts";

/** PostgreSQL's own number of connections, and how much memory RDS counts for each beyond: 9531392 bytes. */
const LEAST_CONNECTIONS = 100;
const MEBIBYTES_A_CONNECTION = 9.09;

/**
 * Arguments from the memory limit: https://www.postgresql.org/docs/16/runtime-config-resource.html. While a release is brought, old
 * and new replicas hold their connections at the same time: with PostgreSQL's 100, four of the sample api's used them up.
 */
export function postgresTuning(memory: string): string[] {
  const total = mebibytes(memory);
  const settings = {
    shared_buffers: `${Math.max(32, Math.floor(total / 4))}MB`,
    max_connections: String(Math.max(LEAST_CONNECTIONS, Math.floor(total / MEBIBYTES_A_CONNECTION))),
    effective_cache_size: `${Math.floor((total * 3) / 4)}MB`,
  };
  return Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
}
