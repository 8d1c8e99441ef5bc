/** Server settings of PostgreSQL that follow from its memory. */
import { mebibytes } from "./units.ts";

/** Arguments from the memory limit: https://www.postgresql.org/docs/16/runtime-config-resource.html */
export function postgresTuning(memory: string): string[] {
  const total = mebibytes(memory);
  const settings = {
    shared_buffers: `${Math.max(32, Math.floor(total / 4))}MB`,
    effective_cache_size: `${Math.floor((total * 3) / 4)}MB`,
  };
  return Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
}
