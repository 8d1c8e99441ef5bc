/** Real programs for the tests that Rust's registry holds, built once, into the cache. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../toolchain/paths.ts";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";

/**
 * Path of an executable, which is built if it is not there; undefined where there is no cargo.
 * @param crate that holds it
 * @param version exact
 */
export async function cargoTool(crate: string, version: string, name = crate): Promise<string | undefined> {
  const folder = cacheFolder("test-tools", `${crate}-${version}`);
  const program = join(folder, "bin", name);
  if (existsSync(program)) return program;
  const options = { cwd: REPOSITORY, timeoutSeconds: 3600 };
  const host = await run("rustc", ["-vV"], options).catch(() => undefined);
  const target = /^host: (.+)$/m.exec(host?.stdout ?? "")?.[1];
  if (target === undefined) return undefined;
  console.log(`      building ${crate} ${version}, once; minutes`);
  // Whole by itself, so that it runs in an image with another libc; a target has to be named for that.
  const env = { RUSTFLAGS: "-C target-feature=+crt-static" };
  const args = ["install", crate, "--version", version, "--locked", "--root", folder, "--target", target];
  succeeded(await run("cargo", args, { ...options, env }));
  return program;
}
