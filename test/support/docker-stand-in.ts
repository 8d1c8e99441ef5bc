/** A `docker` of the test's own, the first on this process's PATH. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { withVariables } from "./variables.ts";

export interface DockerStandIn {
  /** Where it lies, alone. */
  readonly folder: string;
  remove(): void;
}

/** @param script with its #! line */
export function dockerStandIn(script: string): DockerStandIn {
  const folder = mkdtempSync(join(tmpdir(), "docker-stand-in-"));
  writeFileSync(join(folder, "docker"), script, { mode: 0o755 });
  const restore = withVariables({ PATH: [folder, process.env.PATH].join(delimiter) });
  return {
    folder,
    remove() {
      restore();
      rmSync(folder, { recursive: true });
    },
  };
}
