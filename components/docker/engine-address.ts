/** Where the Docker Engine is, found as the `docker` command finds it. Without Pulumi, so that the command line starts fast. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const DEFAULT_HOST =
  process.platform === "win32" ? "npipe:////./pipe/docker_engine" : "unix:///var/run/docker.sock";

/**
 * Address of the Docker Engine: the setting, `DOCKER_HOST`, the context (`DOCKER_CONTEXT`, or the one that
 * `docker context use` has chosen), the default socket; in this order, as in the `docker` command.
 */
export function dockerHost(setting?: string, env: NodeJS.ProcessEnv = process.env): string {
  if (setting) return setting;
  if (env.DOCKER_HOST) return env.DOCKER_HOST;
  const folder = env.DOCKER_CONFIG ?? join(homedir(), ".docker");
  const context = env.DOCKER_CONTEXT ?? currentContext(folder);
  return (context && contextHost(folder, context)) || DEFAULT_HOST;
}

function currentContext(folder: string): string | undefined {
  const config = readJson(join(folder, "config.json"));
  return typeof config?.currentContext === "string" ? config.currentContext : undefined;
}

/** Docker keeps each context in a folder named by the SHA-256 of its name. */
function contextHost(folder: string, context: string): string | undefined {
  if (context === "default") return undefined;
  const id = createHash("sha256").update(context).digest("hex");
  const meta = readJson(join(folder, "contexts", "meta", id, "meta.json"));
  const endpoints = meta?.Endpoints as { docker?: { Host?: string } } | undefined;
  return endpoints?.docker?.Host;
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  } catch {
    return undefined; // no such file: the docker command, too, then takes the default
  }
}
