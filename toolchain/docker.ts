/** Docker: the engine that the `docker` command finds, or one that is installed and started here. */
import { failed } from "../cli/errors.ts";
import { type Log, attempt, onPath, run, silent } from "./command.ts";
import { canInstall, install, isDebianLike, knows } from "./apt.ts";
import { startEngine } from "./docker-start.ts";
import { withLock } from "./lock.ts";
import { cacheFolder } from "./paths.ts";

export interface DockerReport {
  /** Address of the engine, as the `docker` command resolves it. */
  readonly host: string;
  /** Docker context that the address comes from. */
  readonly context: string;
  /** Of the engine; undefined: it does not answer. */
  readonly version?: string;
  /** Of the engine, such as `linux/amd64`. */
  readonly platform?: string;
  /** `found`: it was there. `started`: by this run. `missing`: see `problem`. */
  readonly origin: "found" | "started" | "missing";
  /** Why there is none, and what mends it. */
  readonly problem?: string;
}

const ANSWER_SECONDS = 15;

/** Sees to it that an engine answers. Throws with what to install where this cannot be done for the user. */
export async function ensureDocker({ log = silent }: { log?: Log } = {}): Promise<DockerReport> {
  const before = await inspectDocker();
  if (before.origin === "found") return before;
  // Somewhere else an engine was asked for by name: another one here would not be what was meant.
  if (!isDefaultSocket(before.host) || process.platform !== "linux" || !canInstall())
    throw failed(before.problem ?? "no Docker");
  await withLock(cacheFolder("docker.lock"), log, async () => {
    if ((await inspectDocker()).origin === "found") return;
    await installDocker(log);
    await startEngine(log, async () => (await inspectDocker()).origin === "found");
  });
  const after = await inspectDocker();
  if (after.origin !== "found") throw failed(after.problem ?? "no Docker");
  return { ...after, origin: "started" };
}

/** What is there. Reads only. */
export async function inspectDocker(): Promise<DockerReport> {
  if (!(await onPath("docker"))) {
    return {
      host: process.env["DOCKER_HOST"] ?? DEFAULT_SOCKET,
      context: "default",
      origin: "missing",
      problem: advice("the docker command is missing"),
    };
  }
  const { host, context } = await address();
  try {
    const format = "{{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}";
    const answer = await run("docker", ["version", "--format", format], { timeout: ANSWER_SECONDS });
    const [version, platform] = answer.trim().split(" ");
    return { host, context, version, platform, origin: "found" };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { host, context, origin: "missing", problem: explain(host, said) };
  }
}

const DEFAULT_SOCKET = "unix:///var/run/docker.sock";

/** DOCKER_HOST goes before the context, which is that of DOCKER_CONTEXT, of docker's settings, or `default`. */
async function address(): Promise<{ host: string; context: string }> {
  const inspected = await attempt(
    "docker",
    ["context", "inspect", "--format", "{{.Name}} {{.Endpoints.docker.Host}}"],
    {
      timeout: ANSWER_SECONDS,
    },
  );
  const [context = "default", host = DEFAULT_SOCKET] = (inspected ?? "").trim().split(" ").filter(Boolean);
  return { host: process.env["DOCKER_HOST"] || host, context };
}

function isDefaultSocket(host: string): boolean {
  return host === DEFAULT_SOCKET || host === "unix:///run/docker.sock";
}

function explain(host: string, said: string): string {
  const reason = said.split("\n").findLast((line) => line.trim() !== "") ?? said;
  if (!isDefaultSocket(host)) return `the Docker engine at ${host} does not answer: ${reason}`;
  if (/permission denied/i.test(said)) {
    return `this user may not use Docker (${host}): add it to the group docker (sudo usermod -aG docker "$USER") and log in again`;
  }
  return advice(`no Docker engine answers at ${host}`);
}

/** What to do, by kind of machine. */
function advice(problem: string): string {
  if (process.platform === "darwin")
    return `${problem}: install and start Docker Desktop, OrbStack or Colima`;
  if (process.platform !== "linux") return `${problem}: use WSL2 with Docker Desktop's WSL integration`;
  if (process.env["WSL_DISTRO_NAME"]) {
    return `${problem}: turn on WSL integration in Docker Desktop, or run this as root to install Docker here`;
  }
  if (isDebianLike()) {
    return `${problem}: run this as root, or \`sudo apt-get install docker.io iptables\` and \`sudo systemctl start docker\``;
  }
  return `${problem}: install Docker Engine (https://docs.docker.com/engine/install/) and start it`;
}

async function installDocker(log: Log): Promise<void> {
  const packages: string[] = [];
  if (!(await onPath("dockerd"))) packages.push("docker.io");
  if (!(await onPath("iptables"))) packages.push("iptables");
  if (packages.length > 0) {
    log(`installing ${packages.join(" and ")}`);
    await install(packages, log);
  }
  // Newer Debians have the command in a package of its own.
  if (!(await onPath("docker")) && (await knows("docker-cli"))) await install(["docker-cli"], log);
}
