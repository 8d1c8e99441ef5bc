/** Programs from PyPI for the tests: each with its exact packages (<name>.txt), in an environment of its own in the cache. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../toolchain/paths.ts";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";

/** Path of an executable of the packages in `<name>.txt`, which are installed where they are not yet. */
export async function pythonTool(name: string, executable = name): Promise<string> {
  const requirements = join(import.meta.dirname, `${name}.txt`);
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const folder = cacheFolder("test-tools", `${name}-${hash}`);
  const program = join(folder, "bin", executable);
  if (existsSync(join(folder, "made"))) return program;
  console.log(`      installing ${name}, once`);
  rmSync(folder, { recursive: true, force: true });
  const options = { cwd: REPOSITORY, timeoutSeconds: 900 };
  succeeded(await run("python3", ["-m", "venv", folder], options));
  const install = ["install", "--no-deps", "--only-binary", ":all:", "-r", requirements];
  succeeded(await run(join(folder, "bin", "pip"), install, options));
  // The paths inside are absolute, so it cannot be moved into place whole: a mark says that it is.
  writeFileSync(join(folder, "made"), "");
  return program;
}
