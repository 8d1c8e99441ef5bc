/** Folders outside the checkout. */
import { homedir } from "node:os";
import { join } from "node:path";

/** Pulumi's own folder, found as npm's `pulumi` launcher finds it. */
export function pulumiHome(env: NodeJS.ProcessEnv = process.env): string {
  return env.PULUMI_HOME || join(env.HOME || homedir(), ".pulumi");
}

/** What the toolchain keeps for itself; nothing is lost but time when it is deleted. */
export function cacheFolder(...below: string[]): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tristack", ...below);
}

/** A file or folder of the toolchain's own sources. */
export function source(...below: string[]): string {
  return join(import.meta.dirname, ...below);
}
