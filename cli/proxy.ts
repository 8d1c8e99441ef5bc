/** The stack's nginx, through Docker. */
import type { Owner } from "../components/shared/labels.ts";
import type { DockerContext } from "./deploy-context.ts";
import { type Docker, ownContainers } from "./docker.ts";
import { failed } from "./errors.ts";

/** Name of the container that runs; undefined when none does. */
export function proxyContainer({ docker, engine }: DockerContext): Promise<string | undefined> {
  return ask(docker, engine.owner, "{{.Names}}");
}

/** Image that it runs: one that the host has, with a shell. Undefined when it does not run, or Docker cannot be reached. */
export function imageWithShell(docker: Docker, owner: Owner): Promise<string | undefined> {
  return ask(docker, owner, "{{.Image}}").catch(() => undefined);
}

async function ask(docker: Docker, owner: Owner, format: string): Promise<string | undefined> {
  const own = ownContainers(owner, "proxy");
  return (await docker.run(["ps", "--format", format, ...own])).trim().split("\n")[0] || undefined;
}

/** Runs a shell script in it. */
export async function onProxy(context: DockerContext, script: string): Promise<string> {
  const name = await proxyContainer(context);
  if (name === undefined) throw failed(`The proxy of ${context.stack} does not run.`);
  return context.docker.run(["exec", name, "sh", "-c", script]);
}
