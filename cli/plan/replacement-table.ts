/** Which changes make a resource anew: a table that toolchain/replacements.ts writes down after asking the plugins. */
import { join } from "node:path";

export const REPLACEMENTS_FILE = join(
  import.meta.dirname,
  "..",
  "..",
  "schemas",
  "generated",
  "replacements.json",
);

export interface ReplacementTable {
  /** Versions of the plugins that were asked, by package. */
  readonly versions: Record<string, string>;
  /** Paths of properties by resource type. Under `kubernetes:` those of kinds that have no entry. */
  readonly replacedBy: Record<string, string[]>;
}
