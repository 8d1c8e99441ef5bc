/** A real registry of images that asks for a password, built once from its Go module. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";
import { docker } from "./e2e-engine.ts";
import { goTool } from "./e2e-go-tool.ts";
import { freePort } from "./free-port.ts";

const VERSION = "v3.0.0";
const USER = "shop";

export class Registry {
  /** `127.0.0.1:<port>`: an address that Docker takes without TLS. */
  readonly address: string;
  readonly #config: string;
  readonly #program: string;
  #stop: () => Promise<void> = () => Promise.resolve();

  private constructor(address: string, config: string, program: string) {
    this.address = address;
    this.#config = config;
    this.#program = program;
  }

  /**
   * @param folder for its data
   * @param pythonImage an image with Python 3.11, which knows how to hash the password
   */
  static async start(folder: string, password: string, pythonImage: string): Promise<Registry> {
    const program = await goTool("github.com/distribution/distribution/v3/cmd/registry", VERSION);
    const port = await freePort();
    await mkdir(join(folder, "data"), { recursive: true });
    const script =
      "import crypt, sys; print(crypt.crypt(sys.stdin.read(), crypt.mksalt(crypt.METHOD_BLOWFISH)))";
    const args = ["run", "--rm", "--interactive", "--entrypoint", "python", pythonImage, "-c", script];
    const { stdout: hash } = succeeded(await run("docker", args, { cwd: REPOSITORY, input: password }));
    await writeFile(join(folder, "htpasswd"), `${USER}:${hash.trim()}\n`);
    const config = join(folder, "config.yml");
    const text = {
      version: 0.1,
      log: { level: "error" },
      storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}` },
      auth: { htpasswd: { realm: "e2e", path: join(folder, "htpasswd") } },
    };
    await writeFile(config, JSON.stringify(text));
    const registry = new Registry(`127.0.0.1:${port}`, config, program);
    await registry.up();
    console.log(`      registry: distribution ${VERSION}`);
    return registry;
  }

  async up(): Promise<void> {
    const server = execa(this.#program, ["serve", this.#config], { reject: false, buffer: false });
    this.#stop = async () => {
      server.kill();
      await server;
    };
    for (let tries = 0; ; tries += 1) {
      const answer = await fetch(`http://${this.address}/v2/`).catch(() => undefined);
      if (answer?.status === 401) return;
      if (tries > 100) throw new Error("the registry did not get ready");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Nobody reaches it any more. */
  down(): Promise<void> {
    return this.#stop();
  }

  /** `docker login`, saved in a folder of its own. @param folder what DOCKER_CONFIG names */
  async login(folder: string, password: string): Promise<void> {
    const args = ["login", "--username", USER, "--password-stdin", this.address];
    succeeded(
      await run("docker", args, { cwd: REPOSITORY, input: password, env: { DOCKER_CONFIG: folder } }),
    );
  }

  /** Pushes an image, and removes it from this machine. */
  async push(image: string, as: string, folder: string): Promise<void> {
    const name = `${this.address}/${as}`;
    await docker("tag", image, name);
    succeeded(
      await run("docker", ["push", "--quiet", name], { cwd: REPOSITORY, env: { DOCKER_CONFIG: folder } }),
    );
    await docker("image", "rm", name);
  }
}
