/** The Docker Engine of a stack, reached as its settings say. */
import { dockerHost } from "../components/docker/engine-address.ts";
import { Docker } from "./docker.ts";
import type { Project, StackFile } from "./project.ts";
import { sshCommand } from "./ssh.ts";
import { dockerHostOf, isBare, isElsewhere, noApplication, notYet, sshSettingsOf } from "./stack-settings.ts";

/** @throws CliError of a stack that is a machine or a cluster alone: it has no Docker of its own. */
export function dockerOf(project: Project, file: StackFile | undefined): Docker {
  if (file && isBare(file)) throw noApplication(file);
  if (file && isElsewhere(file)) throw notYet(file);
  const host = dockerHostOf(file);
  const address = dockerHost(host);
  if (!address.startsWith("ssh://")) return new Docker(host);
  return new Docker(host, sshCommand(project, address, sshSettingsOf(file)));
}
