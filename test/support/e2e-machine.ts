/**
 * A whole machine to prepare: Debian with systemd as its first process, an sshd and a Docker Engine of its own, in a
 * container that may do everything. The kernel is this machine's; what the script sets there is put back.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureBase } from "../../toolchain/images.ts";
import { LABEL } from "../../components/shared/labels.ts";
import { PROJECT } from "./e2e-clone.ts";
import { REPOSITORY, type Ran, run, succeeded } from "./e2e-command.ts";
import { docker } from "./e2e-engine.ts";

const FOLDER = join(import.meta.dirname, "machine");
const NETWORK = `${PROJECT}-machines`;
/** What Docker's own name for it would be; with the tests' label the sweep of a later run finds it. */
const LABELS = ["--label", `${LABEL.project}=${PROJECT}`, "--label", `${LABEL.stack}=machine`];
/** Settings of the kernel that are the whole machine's, and that the script changes. */
const KERNEL = ["vm/overcommit_memory", "vm/swappiness"];

/** As `--privileged`, without the one capability that this kernel may lack; loop devices are made by hand. */
const RIGHTS = [
  ...["--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--cgroupns=private", "--device-cgroup-rule=a *:* rwm"],
  ...["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"].map(
    (one) => `--security-opt=${one}`,
  ),
];

/** Builds an image of this folder; the second time it is there already. */
export async function machineImage(file: "Dockerfile" | "tools.Dockerfile"): Promise<string> {
  const base = await ensureBase("bookworm", (line) => console.log(`      ${line}`));
  const name = `tristack.local/e2e-${file === "Dockerfile" ? "machine" : "tools"}:latest`;
  const args = ["build", "--quiet", "--network=host", `--build-arg=BASE=${base}`, `--tag=${name}`];
  const env = { DOCKER_BUILDKIT: "0" };
  const cwd = REPOSITORY;
  succeeded(
    await run("docker", [...args, "--file", join(FOLDER, file), FOLDER], { cwd, env, timeoutSeconds: 1800 }),
  );
  return name;
}

export class Machine {
  readonly name: string;
  readonly address: string;
  readonly address6: string;
  /** Address of this machine, as that one and its containers see it: Docker's usual one is that machine's own there. */
  readonly gateway: string;
  readonly #kernel: ReadonlyMap<string, string>;

  private constructor(
    name: string,
    [address = "", address6 = "", gateway = ""]: readonly string[],
    kernel: ReadonlyMap<string, string>,
  ) {
    this.name = name;
    this.address = address;
    this.address6 = address6;
    this.gateway = gateway;
    this.#kernel = kernel;
  }

  /** @param more options of `docker run` */
  static async boot(name: string, ...more: string[]): Promise<Machine> {
    const image = await machineImage("Dockerfile");
    const kernel = new Map<string, string>();
    for (const one of KERNEL) kernel.set(one, (await readFile(`/proc/sys/${one}`, "utf8")).trim());
    const networks = await docker("network", "ls", "--format", "{{.Name}}");
    if (!networks.split("\n").includes(NETWORK)) {
      await docker("network", "create", "--ipv6", "--subnet", "fd00:7715:1::/64", ...LABELS, NETWORK);
    }
    const own = `${PROJECT}-${name}`;
    const options = ["--detach", ...RIGHTS, "--network", NETWORK, "--hostname", name];
    const mounts = [
      "--tmpfs",
      "/run",
      "--tmpfs",
      "/run/lock",
      "--tmpfs",
      "/tmp",
      "--volume",
      "/var/lib/docker",
    ];
    await docker("run", ...options, ...mounts, "--name", own, ...LABELS, ...more, image);
    const fields = "{{.IPAddress}} {{.GlobalIPv6Address}} {{.Gateway}}";
    const format = `{{range .NetworkSettings.Networks}}${fields}{{end}}`;
    const machine = new Machine(own, (await docker("inspect", "--format", format, own)).split(" "), kernel);
    await machine.booted();
    return machine;
  }

  /** Waits until systemd has started what it starts. */
  async booted(): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const { stdout } = await this.run("systemctl", "is-system-running");
      if (/^(running|degraded)/.test(stdout)) return;
      if (tries > 120)
        throw new Error(`the machine does not get up: ${stdout}\n${await docker("logs", this.name)}`);
      await sleep(500);
    }
  }

  /** As a reset does: nothing but the disk is kept. */
  async reboot(): Promise<void> {
    await docker("restart", "--time", "20", this.name);
    await this.booted();
  }

  /** A command as root, whatever its end is. */
  run(...command: string[]): Promise<Ran> {
    return run("docker", ["exec", this.name, ...command], { cwd: REPOSITORY });
  }

  /** Output of a shell script as root, which has to succeed. */
  async sh(script: string): Promise<string> {
    return succeeded(await this.run("sh", "-c", script)).stdout.trim();
  }

  /** Runs a script that comes by stdin, as root. */
  script(text: string): Promise<Ran> {
    const args = [
      "exec",
      "--interactive",
      this.name,
      "sh",
      "-c",
      "cat > /tmp/script && exec sh /tmp/script < /dev/null",
    ];
    return run("docker", args, { cwd: REPOSITORY, input: text, timeoutSeconds: 1200 });
  }

  async write(path: string, text: string): Promise<void> {
    const args = [
      "exec",
      "--interactive",
      this.name,
      "sh",
      "-c",
      `mkdir -p "$(dirname ${path})" && cat > ${path}`,
    ];
    succeeded(await run("docker", args, { cwd: REPOSITORY, input: text }));
  }

  read(path: string): Promise<string> {
    return this.sh(`cat ${path}`);
  }

  /** Gives its own Docker the bottom of the stand-in images: an image with a shell and perl. */
  async loadBase(): Promise<string> {
    const base = await ensureBase("bookworm", (line) => console.log(`      ${line}`));
    const script = 'docker save "$1" | docker exec --interactive "$2" docker load --quiet';
    succeeded(await run("sh", ["-c", script, "sh", base, this.name], { cwd: REPOSITORY }));
    return base;
  }

  /** A key that may log in as root, as a provider puts it there. Returns the private key's path. */
  async authorize(folder: string): Promise<string> {
    await mkdir(folder, { recursive: true });
    const key = join(folder, "login");
    succeeded(
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "e2e", "-f", key], { cwd: folder }),
    );
    await this.write("/root/.ssh/authorized_keys", await readFile(`${key}.pub`, "utf8"));
    await this.sh("chmod 700 /root/.ssh && chmod 600 /root/.ssh/authorized_keys");
    return key;
  }

  async dispose(): Promise<void> {
    await this.run("sh", "-c", "swapoff /var/lib/docker/swapfile 2> /dev/null");
    await docker("rm", "--force", "--volumes", this.name);
    for (const [one, value] of this.#kernel) await writeFile(`/proc/sys/${one}`, value);
  }
}

/** The network of the machines; its last one has to be gone. */
export async function removeMachineNetwork(): Promise<void> {
  await docker("network", "rm", NETWORK);
}

/** Whether something answers at an address within two seconds: accepts the connection, or is only closed. */
export function reach(address: string, port: number): Promise<"open" | "closed" | "silent"> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: "open" | "closed" | "silent") => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => end("silent"));
    socket.once("connect", () => end("open"));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end(error.code === "ECONNREFUSED" ? "closed" : "silent"),
    );
  });
}
