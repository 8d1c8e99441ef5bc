/** The machine that `tristack host` works on: that of a stack, or one given by its address. */
import { dockerHost } from "../components/docker/engine-address.ts";
import { type HostScriptArgs, PUBLIC_PORTS } from "../components/docker/host/script.ts";
import type { MachineSettings } from "../components/settings/machine.ts";
import { requireBackend } from "./backend.ts";
import { Engine } from "./engine.ts";
import { badInput } from "./errors.ts";
import { type Project, checkStackName, readStackFile } from "./project.ts";
import { type SshCommand, sshCommand } from "./ssh.ts";
import { allMissingSecrets, notYet, objectOf, requireSettings, sshSettingsOf } from "./stack-settings.ts";

/** Who deploys to a machine that no stack names yet. */
const USUAL_USER = "deploy";

export interface HostTarget {
  /** Name or address without the user, for messages. */
  readonly host: string;
  readonly user: string;
  readonly hostKey: string | undefined;
  /** What the script is told. */
  readonly prepare: Omit<HostScriptArgs, "dryRun" | "wait">;
  /** The same machine, as another user; `alone` on a connection that is shared with nobody. */
  as(user: string, alone?: boolean): SshCommand;
}

/** @param given name of a stack, or an address such as ssh://root@203.0.113.10 */
export async function hostTarget(project: Project, given: string): Promise<HostTarget> {
  const known = given.startsWith("ssh://") ? await byAddress(given) : await byStack(project, given);
  const { address, ssh, ...rest } = known;
  const as = (user: string, alone?: boolean) => sshCommand(project, withUser(address, user), ssh, alone);
  return { ...rest, host: new URL(address).host, hostKey: ssh.hostKey, as };
}

const ADDRESS = /^ssh:\/\/[a-z_][a-z0-9_-]{0,31}@[^\s/@]+$/;

async function byAddress(address: string) {
  if (!ADDRESS.test(address) || !URL.canParse(address)) {
    throw badInput(`host: ${address}; needs a stack's name, or an address such as ssh://root@203.0.113.10`);
  }
  const { host } = await import("../components/settings/host.ts");
  const { prepare, ...ssh } = host.parse({ docker: address });
  const user = USUAL_USER;
  return { address, ssh, user, prepare: { ...prepare, user, proxyPorts: PUBLIC_PORTS } };
}

async function byStack(project: Project, given: string) {
  const stack = checkStackName(given);
  const file = readStackFile(project, stack);
  if (!file)
    throw badInput(
      `There is no settings file of a stack ${stack}; needs a stack that exists, or an ssh:// address`,
    );
  const settings = await requireSettings(project, stack, file, allMissingSecrets(file));
  if (settings.target === "host") return byMachine(project, stack, settings.machine);
  if (settings.target !== "vps") throw notYet(file);
  const { host, proxy } = settings;
  const address = dockerHost(host.docker);
  if (!address.startsWith("ssh://")) {
    throw badInput(
      `${file.name}: host.docker is ${address}; needs an address such as ssh://deploy@203.0.113.10`,
    );
  }
  const user = decodeURIComponent(new URL(address).username);
  const proxyPorts = [proxy.httpPort, proxy.httpsPort];
  return { address, ssh: sshSettingsOf(file), user, prepare: { ...host.prepare, user, proxyPorts } };
}

/** A machine that a stack of its own has made: only its outputs know where. */
async function byMachine(project: Project, stack: string, { user, prepare }: MachineSettings) {
  const engine = new Engine(project, stack, requireBackend(project));
  const { docker } = objectOf((await engine.outputs())?.host);
  if (typeof docker !== "string")
    throw badInput(`The machine of ${stack} is not there yet; needs npx pulumi up --stack ${stack} first`);
  const ssh = { sshOptions: [], hostKey: undefined };
  return { address: docker, ssh, user, prepare: { ...prepare, user, proxyPorts: PUBLIC_PORTS } };
}

function withUser(address: string, user: string): string {
  return address.replace(/^ssh:\/\/[^@]*@/, `ssh://${user}@`);
}
