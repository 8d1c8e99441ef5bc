/** Folders out of images in ECR, by the Docker of this machine: with a login that ends with this command. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { Docker } from "../docker.ts";
import { asked } from "./asked.ts";

const PULL_SECONDS = 900;

export class PulledImages {
  readonly #registry: ECRClient;
  readonly #docker = new Docker();

  constructor(registry: ECRClient) {
    this.#registry = registry;
  }

  /** Whether there is a Docker at all. */
  async available(): Promise<boolean> {
    return (await this.#docker.try(["version", "--format", "{{.Server.Version}}"])) !== undefined;
  }

  /** @param to folder that is not there yet */
  async copy(image: string, folder: string, to: string): Promise<void> {
    if ((await this.#docker.try(["image", "inspect", "--format", "{{.Id}}", image])) === undefined)
      await this.#pull(image);
    // Never started: whatever processors it is for.
    const container = (await this.#docker.run(["create", image, "none"])).trim();
    try {
      await this.#docker.run(["cp", `${container}:${folder}`, to]);
    } finally {
      await this.#docker.try(["rm", container]);
    }
  }

  async #pull(image: string): Promise<void> {
    const config = await mkdtemp(join(tmpdir(), "tristack-docker-"));
    try {
      const { authorizationData = [] } = await asked(
        this.#registry.send(new GetAuthorizationTokenCommand({})),
      );
      const [host = ""] = image.split("/");
      const auths = { [host]: { auth: authorizationData[0]?.authorizationToken } };
      await writeFile(join(config, "config.json"), JSON.stringify({ auths }), { mode: 0o600 });
      await this.#docker.run(["--config", config, "pull", "--quiet", image], PULL_SECONDS);
    } finally {
      await rm(config, { recursive: true, force: true });
    }
  }
}
