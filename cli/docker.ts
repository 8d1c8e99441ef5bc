/** Docker, through its own command: found as that finds it (context, DOCKER_HOST, socket), or where the stack says. */
import { execa } from "execa";
import { LABEL, type Owner } from "../components/shared/labels.ts";
import { failed } from "./errors.ts";
import type { Owned } from "./recovery.ts";
import { type SshCommand, refuseUnknownHost } from "./ssh.ts";

export interface OwnedContainer extends Owned {
  readonly running: boolean;
  /** `starting`, `healthy`, `unhealthy`; undefined without a health check. */
  readonly health?: string;
  /** Runs to its end and is not started again: a migration, a switch. */
  readonly oneShot: boolean;
  /** Service of the application, for the containers of its releases. */
  readonly service?: string;
  /** Host ports that it publishes. */
  readonly ports: readonly number[];
}

/** Only what is read here of `docker inspect`. */
interface Inspected {
  Id: string;
  Name: string;
  State: { Running: boolean; Health?: { Status: string } };
  Config: { Labels: Record<string, string> | null };
  HostConfig: { RestartPolicy?: { Name?: string } };
  NetworkSettings: { Ports?: Record<string, { HostPort: string }[] | null> };
}

/** One Docker Engine. */
export class Docker {
  /** Address such as ssh://deploy@203.0.113.10; undefined: as the docker command finds it. */
  readonly host: string | undefined;
  readonly #ssh: SshCommand | undefined;

  /** @param ssh what the docker command is to call as `ssh`. @default the ssh on PATH, as it is */
  constructor(host?: string, ssh?: SshCommand) {
    this.host = host;
    this.#ssh = ssh;
  }

  /** Output of `docker …`. Throws with Docker's own words. @param input what it reads from stdin. @default nothing */
  async run(args: readonly string[], timeoutSeconds = 120, input?: string): Promise<string> {
    const {
      stdout,
      stderr,
      exitCode,
      timedOut,
      failed: broken,
      shortMessage,
    } = await this.#docker(args, timeoutSeconds, input);
    if (!broken) return stdout;
    if (timedOut) throw failed(`docker ${args[0] ?? ""}: no answer within ${timeoutSeconds} s`);
    throw failed(
      `docker ${args[0] ?? ""}: ${stderr.trim() || shortMessage || `exit code ${exitCode ?? "?"}`}`,
    );
  }

  /** As `run`, with undefined instead of an error. */
  async try(args: readonly string[], timeoutSeconds = 120): Promise<string | undefined> {
    const result = await this.#docker(args, timeoutSeconds);
    return result.failed ? undefined : result.stdout;
  }

  /** The last lines that a container has written, to stdout and stderr; empty when it is gone. */
  async logTail(container: string, lines: number): Promise<string> {
    const { stdout, stderr } = await this.#docker(["logs", "--tail", String(lines), container], 30);
    return [stdout, stderr].join("\n").trim().split("\n").slice(-lines).join("\n");
  }

  /** A `docker …` that goes on until it is killed, such as `logs --follow`. */
  start(args: readonly string[]) {
    return execa("docker", args, { env: this.#env, reject: false, stdin: "pipe", buffer: false });
  }

  async #docker(args: readonly string[], timeoutSeconds: number, input?: string) {
    const stdin = input === undefined ? ({ stdin: "ignore" } as const) : { input };
    const options = { env: this.#env, reject: false, ...stdin, timeout: timeoutSeconds * 1000 } as const;
    const result = await execa("docker", args, options);
    // No answer of Docker's, and nothing to go on from: also where its errors count as "there is none".
    if (result.failed) this.throwIfRefused(result.stderr);
    return result;
  }

  /** @throws CliError with exit code 2 where what a docker command has said is that ssh refuses the host by its key */
  throwIfRefused(said: string): void {
    if (this.#ssh) refuseUnknownHost(said, this.#ssh);
  }

  get #env(): Record<string, string> {
    return { ...(this.host ? { DOCKER_HOST: this.host } : {}), ...this.#ssh?.env };
  }

  /** Containers with the stack's labels, running or not. */
  async containers(owner: Owner): Promise<OwnedContainer[]> {
    const ids = words(await this.run(["ps", "--all", "--quiet", "--no-trunc", ...ownContainers(owner)]));
    // One by one gone in between is no error: ask again for those that are left.
    const inspected = ids.length > 0 ? await this.#inspect(ids) : [];
    return inspected.map((one) => ({
      id: one.Id,
      name: one.Name.replace(/^\//, ""),
      running: one.State.Running,
      health: one.State.Health?.Status,
      oneShot: (one.HostConfig.RestartPolicy?.Name || "no") === "no",
      service: one.Config.Labels?.[LABEL.service],
      ports: publishedPorts(one),
    }));
  }

  async #inspect(ids: readonly string[]): Promise<Inspected[]> {
    const result = await this.#docker(["inspect", "--type", "container", ...ids], 120);
    return result.stdout ? (JSON.parse(result.stdout) as Inspected[]) : [];
  }

  async networks(owner: Owner): Promise<Owned[]> {
    return pairs(
      await this.run(["network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}", ...filters(owner)]),
    );
  }

  async volumes(owner: Owner): Promise<Owned[]> {
    return pairs(await this.run(["volume", "ls", "--format", "{{.Name}} {{.Name}}", ...filters(owner)]));
  }

  /** Images that were built for the stack; those without a name as well. */
  async images(owner: Owner): Promise<Owned[]> {
    const format = "{{.ID}} {{.Repository}}:{{.Tag}}";
    return pairs(await this.run(["image", "ls", "--no-trunc", "--format", format, ...filters(owner)]));
  }

  /** Whether anything at all carries the stack's labels. */
  async hasAny(owner: Owner): Promise<boolean> {
    const lists = [this.containers(owner), this.networks(owner), this.volumes(owner), this.images(owner)];
    return (await Promise.all<readonly Owned[]>(lists)).some((list) => list.length > 0);
  }

  /** Which container publishes a host port, whoever's it is. */
  async publisher(port: number): Promise<string | undefined> {
    return words((await this.try(["ps", "--filter", `publish=${port}`, "--format", "{{.Names}}"])) ?? "")[0];
  }
}

function publishedPorts(one: Inspected): number[] {
  const bindings = Object.values(one.NetworkSettings.Ports ?? {}).flatMap((list) => list ?? []);
  return [...new Set(bindings.map((binding) => Number(binding.HostPort)))];
}

function filters(owner: Owner): string[] {
  return [
    "--filter",
    `label=${LABEL.project}=${owner.project}`,
    "--filter",
    `label=${LABEL.stack}=${owner.stack}`,
  ];
}

/**
 * Filters for the containers that a stack has made. A container of somebody's `docker run` inherits project and stack from
 * the labels of an image that was built for the stack; only the stack's own name a resource as well.
 * @param resource only those of this one, such as `proxy`. @default all
 */
export function ownContainers(owner: Owner, resource?: string): string[] {
  const label = resource === undefined ? LABEL.resource : `${LABEL.resource}=${resource}`;
  return [...filters(owner), "--filter", `label=${label}`];
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function pairs(text: string): Owned[] {
  return text.split("\n").flatMap((line) => {
    const [id, name] = line.trim().split(" ");
    return id && name ? [{ id, name }] : [];
  });
}
