/** Real servers for the tests, built once from their Go modules, into the cache. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../toolchain/paths.ts";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";

/**
 * Path of an executable, which is built if it is not there.
 * @param pack Go package of the command; its last part is the executable's name
 * @param version of its module, exact
 */
export async function goTool(pack: string, version: string): Promise<string> {
  const name = pack.split("/").pop() ?? "";
  const folder = cacheFolder("test-tools", `${name}-${version}`);
  const program = join(folder, name);
  if (existsSync(program)) return program;
  console.log(`      building ${name} ${version}, once; minutes`);
  const env = { GOBIN: folder, CGO_ENABLED: "0", GOWORK: "off" };
  succeeded(
    await run("go", ["install", `${pack}@${version}`], { cwd: REPOSITORY, env, timeoutSeconds: 3600 }),
  );
  return program;
}

/** Folder of a Go module's files, fetched where it is not there: some hold what is used without being built. */
export async function goModule(module: string, version: string): Promise<string> {
  const args = ["mod", "download", "-json", `${module}@${version}`];
  const options = { cwd: REPOSITORY, env: { GOWORK: "off" }, timeoutSeconds: 900 };
  return (JSON.parse(succeeded(await run("go", args, options)).stdout) as { Dir: string }).Dir;
}
