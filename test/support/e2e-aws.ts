/** A clone whose stacks are at moto: their settings, their secrets, and Pulumi's commands about them. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { PROJECT } from "./e2e-clone.ts";
import { type Ran, succeeded } from "./e2e-command.ts";
import { type Moto, envOf, hostedZone, startMoto } from "./e2e-moto.ts";
import { Workspace } from "./e2e-workspace.ts";
import type { Config } from "./settings.ts";

export class AwsPlace {
  readonly place: Workspace;
  readonly moto: Moto;

  private constructor(place: Workspace, moto: Moto) {
    this.place = place;
    this.moto = moto;
  }

  /** With a hosted zone of the name example.com. */
  static async create(name: string): Promise<AwsPlace> {
    const place = await Workspace.create(name, { inDocker: false });
    try {
      const moto = await startMoto({
        MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
        S3_IGNORE_SUBDOMAIN_BUCKETNAME: "true",
        MOTO_ACM_VALIDATION_WAIT: "1",
        MOTO_RECORDER_FILEPATH: join(await place.folder("moto"), "recording"),
      });
      Object.assign(place.env, {
        ...envOf(moto),
        PULUMI_BACKEND_URL: `file://${await place.folder("state")}`,
        PULUMI_CONFIG_PASSPHRASE: "e2e",
      });
      await hostedZone(moto, "example.com");
      return new AwsPlace(place, moto);
    } catch (error) {
      await place.dispose();
      throw error;
    }
  }

  pulumi(stack: string, command: string, ...more: string[]): Promise<Ran> {
    return this.place.pulumi([command, "--stack", stack, ...more], { timeoutSeconds: 1200 });
  }

  up(stack: string): Promise<Ran> {
    return this.pulumi(stack, "up", "--yes", "--skip-preview");
  }

  destroy(stack: string): Promise<Ran> {
    return this.pulumi(stack, "destroy", "--yes", "--skip-preview");
  }

  /** By `tristack init`, once its settings are written. */
  async init(stack: string, secrets: Readonly<Record<string, string>> = {}): Promise<void> {
    const variables = Object.entries(secrets).map(([name, value]) => [`TRISTACK_SECRET_${name}`, value]);
    const env = Object.fromEntries(variables) as Record<string, string>;
    const { all } = succeeded(await this.place.tristack(["init", stack, "--yes"], { env }));
    assert.doesNotMatch(all, /warning/);
  }

  /** Writes a stack's settings; what of the file is Pulumi's stays: the salt, and secrets. */
  async write(stack: string, config: Config): Promise<void> {
    const file = join(this.place.root, `Pulumi.${stack}.yaml`);
    const before = await readFile(file, "utf8").catch(() => "");
    const salt = /^encryptionsalt:.*$/m.exec(before)?.[0] ?? "";
    const secrets = new RegExp(`^ {2}${PROJECT}:secrets:\\n(?: {4}.*\\n)+`, "m").exec(before)?.[0] ?? "";
    const keyed = Object.entries(config)
      .filter(([key]) => key !== "secrets")
      .map(([key, value]) => [`${PROJECT}:${key}`, value]);
    const text = stringify({ config: Object.fromEntries(keyed) as Config });
    await writeFile(file, `${text}${secrets}${salt}\n`);
  }

  async dispose(): Promise<void> {
    await this.place.dispose();
    await this.moto.stop();
  }
}
