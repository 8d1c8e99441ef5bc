/** The Docker Engine as the tests see it: by the docker command, never through the code under test. */
import { LABEL } from "../../components/shared/labels.ts";
import { PROJECT } from "./e2e-clone.ts";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";

/** A network as a container is in it. */
interface Network {
  readonly IPAddress: string;
  readonly Aliases: readonly string[] | null;
}

/** Only what the tests read of `docker inspect`. */
export interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly StartedAt: string;
    readonly ExitCode: number;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: {
    readonly Image: string;
    readonly User: string;
    readonly Env: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly HostConfig: {
    readonly CpuQuota: number;
    readonly CpuPeriod: number;
    readonly Memory: number;
    readonly MemorySwap: number;
    readonly RestartPolicy: { readonly Name: string };
    readonly ReadonlyRootfs: boolean;
    readonly Privileged: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly CapAdd: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly NetworkMode: string;
    readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostPort: string }[]>> | null;
  };
  readonly Mounts: readonly { readonly Name?: string; readonly Destination: string; readonly RW: boolean }[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, Network>> };
}

/** Output of `docker …`. */
export async function docker(...args: string[]): Promise<string> {
  return succeeded(await run("docker", args, { cwd: REPOSITORY, timeoutSeconds: 120 })).stdout.trim();
}

const OWN = ["--filter", `label=${LABEL.project}=${PROJECT}`];

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Every container of the tests' project, running or not. */
export async function containers(stack = "local"): Promise<Container[]> {
  const ids = lines(
    await docker("ps", "--all", "--quiet", "--no-trunc", ...OWN, "--filter", `label=${LABEL.stack}=${stack}`),
  );
  if (ids.length === 0) return [];
  const inspected = await run("docker", ["inspect", "--type", "container", ...ids], { cwd: REPOSITORY });
  // One that went away since it was listed is named on standard error; the others are told all the same.
  const gone = inspected.stderr.split("\n").every((line) => /^$|No such container: /.test(line));
  if (!gone) succeeded(inspected);
  return JSON.parse(inspected.stdout) as Container[];
}

/** Those of one resource, such as `postgres`. */
export async function containersOf(resource: string, stack?: string): Promise<Container[]> {
  return (await containers(stack)).filter((one) => one.Config.Labels[LABEL.resource] === resource);
}

/** The one running container of a resource. */
export async function containerOf(resource: string): Promise<Container> {
  const found = (await containersOf(resource)).filter((one) => one.State.Running);
  const [one] = found;
  if (found.length !== 1 || !one)
    throw new Error(`${found.length} running containers of ${resource}, expected 1`);
  return one;
}

/** Output of a command inside the running container of a resource. */
export async function inside(resource: string, ...command: string[]): Promise<string> {
  return docker("exec", (await containerOf(resource)).Id, ...command);
}

/** Answer of PostgreSQL itself to one statement, as unaligned text. */
export function psql(statement: string): Promise<string> {
  return inside("postgres", "psql", "-U", "app", "-d", "app", "-Atqc", statement);
}

/** Answer of Redis itself; the password is taken from the file inside the container. */
export function redis(...command: string[]): Promise<string> {
  const script =
    'REDISCLI_AUTH=$(sed -n "s/^requirepass //p" /run/secrets/REDIS_CONF) exec redis-cli --no-auth-warning "$@"';
  return inside("redis", "sh", "-c", script, "redis-cli", ...command);
}

/** Names of everything that carries the tests' label, by kind. */
export async function leftovers(
  stack?: string,
): Promise<Record<"containers" | "networks" | "volumes" | "images", string[]>> {
  const own = stack === undefined ? OWN : [...OWN, "--filter", `label=${LABEL.stack}=${stack}`];
  return {
    containers: sorted(await docker("ps", "--all", "--format", "{{.Names}}", ...own)),
    networks: sorted(await docker("network", "ls", "--format", "{{.Name}}", ...own)).filter(
      (name) => !miscounted.has(name),
    ),
    volumes: sorted(await docker("volume", "ls", "--format", "{{.Name}}", ...own)),
    images: sorted(await docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", ...own)),
  };
}

// Docker gives names of the same second in any order.
const sorted = (text: string) => lines(text).sort();

/** Removes containers, networks and volumes of the tests' project. Images stay: the next start needs them again. */
export async function sweep(): Promise<void> {
  const { containers, networks, volumes } = await leftovers();
  // One by one: Docker can lose count of a network's endpoints when many are taken out at the same time.
  for (const container of containers) await docker("rm", "--force", "--volumes", container);
  for (const network of networks) await removeNetwork(network);
  if (volumes.length > 0) await docker("volume", "rm", ...volumes);
}

/**
 * Networks that Docker 20.10 will not remove before it is restarted: it counts an endpoint more than it has. Seen three times in
 * some hundred runs. They are empty, and named at random, so the tests go on beside them.
 */
const miscounted = new Set<string>();

/** Docker can keep the endpoint of a container that was removed while it started; nothing but force takes it out. */
async function removeNetwork(network: string): Promise<void> {
  const existing = lines(await docker("ps", "--all", "--format", "{{.Names}}"));
  const endpoints = await docker(
    "network",
    "inspect",
    "--format",
    "{{range .Containers}}{{println .Name}}{{end}}",
    network,
  );
  for (const name of lines(endpoints).filter((one) => !existing.includes(one))) {
    console.log(`    ${network}: removing what Docker left of ${name}`);
    await docker("network", "disconnect", "--force", network, name);
  }
  const removal = await run("docker", ["network", "rm", network], { cwd: REPOSITORY, timeoutSeconds: 120 });
  if (removal.exitCode === 0) return;
  const left = await docker("network", "inspect", "--format", "{{len .Containers}}", network);
  if (left !== "0" || !removal.stderr.includes("has active endpoints")) succeeded(removal);
  console.log(
    `    ${network}: Docker counts an endpoint that it does not have; it stays until Docker is restarted`,
  );
  miscounted.add(network);
}

/**
 * Keeps the layers of images that are about to be destroyed: the classic builder's cache is those layers, and building
 * the next test's images would take minutes. The parent of an image does not carry its labels, which come last.
 */
export async function keepBuildCache(): Promise<void> {
  for (const image of (await leftovers()).images.filter((name) => !name.includes("<none>"))) {
    const parent = await docker("image", "inspect", "--format", "{{.Parent}}", image);
    const name = image.replace(/:.*$/, "").split("/").pop() ?? "";
    if (parent !== "") await docker("tag", parent, `tristack-e2e-cache/${name}`);
  }
}
