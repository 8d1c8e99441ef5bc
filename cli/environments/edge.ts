/**
 * Bringing the edge of a host up where its first environment comes (components/docker/edge.ts). It belongs to the host and
 * to no stack: nothing in it differs from one environment to another, and it knows none of them.
 */
import { EDGE_PORTS, edgeScript } from "../../components/docker/edge.ts";
import { fingerprint } from "../../components/shared/names.ts";
import type { VpsSettings } from "../../components/settings.ts";
import type { Docker } from "../docker.ts";
import { failed } from "../errors.ts";
import type { Say } from "../progress.ts";

/** On its container and network: a fingerprint of all that they are made of. */
const EDGE_LABEL = "dev.tristack.edge";
const PORTS_LABEL = "dev.tristack.edge-ports";

export interface EdgeArgs {
  /** Name of the network, and of the container. */
  readonly name: string;
  /** Published, as HTTP and HTTPS. */
  readonly ports: readonly [number, number];
  /** Image; anything that behaves as nginx:1.28-alpine does. */
  readonly image: string;
}

/** What a stack's settings say of it; undefined of a stack whose proxy has ports of its own. */
export function edgeOf({ proxy, images }: Pick<VpsSettings, "proxy" | "images">): EdgeArgs | undefined {
  if (proxy.edge === undefined) return undefined;
  return { name: proxy.edge, ports: [proxy.httpPort, proxy.httpsPort], image: images.nginx };
}

/** Makes network and container where they are missing; one of another version of this program is replaced. */
export async function ensureEdge(docker: Docker, args: EdgeArgs, say: Say): Promise<void> {
  const { name } = args;
  const ports = args.ports.join(",");
  const wanted = fingerprint([args.image, ports, edgeScript(), runArgs({ ...args, label: "" })]);
  if ((await docker.try(["network", "inspect", name])) === undefined) {
    say(`network ${name}`);
    // Another command may have been faster.
    await docker.try(["network", "create", "--label", `${EDGE_LABEL}=${name}`, name]);
  }
  const found = await inspected(docker, name);
  if (found && found.ports !== ports)
    throw failed(
      `The edge ${name} has the ports ${found.ports || "of somebody else"}, and the settings say ${ports}: needs the same there, ` +
        `or \`docker rm -f ${name}\`, which cuts off all that is behind it for a moment`,
    );
  if (found?.label === wanted && found.running) return;
  say(`container ${name}`);
  if (found) await docker.run(["rm", "--force", name]);
  try {
    await docker.run(runArgs({ ...args, label: wanted }));
  } catch (error) {
    if ((await inspected(docker, name))?.label === wanted) return;
    // What has been made but could not take its ports would pass for one that was stopped.
    await docker.try(["rm", "--force", name]);
    throw error;
  }
}

function runArgs({
  name,
  ports: [http, https],
  image,
  label,
}: EdgeArgs & { readonly label: string }): string[] {
  return [
    ...["run", "--detach", "--name", name, "--network", name, "--restart", "always", "--user", "0:0"],
    ...["--publish", `${http}:${EDGE_PORTS.http}`, "--publish", `${https}:${EDGE_PORTS.https}`],
    ...["--read-only", "--tmpfs", "/tmp", "--tmpfs", "/run", "--security-opt", "no-new-privileges:true"],
    // As every proxy: the master starts workers as the user `nginx`.
    ...["--cap-drop", "ALL", ...["CHOWN", "SETGID", "SETUID"].flatMap((one) => ["--cap-add", one])],
    ...["--cpus", "1", "--memory", "128m", "--memory-swap", "128m"],
    ...["--log-driver", "json-file", "--log-opt", "max-size=10m", "--log-opt", "max-file=3"],
    ...["--label", `${EDGE_LABEL}=${label}`, "--label", `${PORTS_LABEL}=${http},${https}`],
    ...["--entrypoint", "sh", image, "-c", edgeScript()],
  ];
}

async function inspected(docker: Docker, name: string) {
  const label = (key: string) => `{{index .Config.Labels "${key}"}}`;
  const format = [label(EDGE_LABEL), label(PORTS_LABEL), "{{.State.Running}}"].join("|");
  const text = await docker.try(["inspect", "--type", "container", "--format", format, name]);
  if (text === undefined) return undefined;
  const [mark = "", ports = "", running] = text.trim().split("|");
  return { label: mark, ports, running: running === "true" };
}
