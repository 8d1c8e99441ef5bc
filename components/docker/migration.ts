/** The migration of one service: run once per release, before any container of that release. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { fingerprint, releaseName } from "../shared/names.ts";
import { type ContainerPolicy, containerArgs, variables } from "./container.ts";
import { ONE_SHOT, gate } from "./gate.ts";
import type { SecretFiles } from "./secret-files.ts";

export interface MigrationArgs {
  owner: Owner;
  /** Service it belongs to. */
  service: string;
  /** Version of the release. */
  version: string;
  /** Image with tag or digest. A new image is a new migration. */
  image: string;
  /** Command and arguments. */
  command: string[];
  environment: Record<string, string>;
  /** Files with the secrets. */
  secretFiles?: SecretFiles;
  /** Changes when the secrets do. Files that a container mounts, be it a stopped one, cannot be deleted. */
  secretsId: string;
  /** The secrets themselves, to blot them out of the log. */
  secrets: pulumi.Input<string>[];
  networks: pulumi.Input<string>[];
  policy: Omit<ContainerPolicy, "labels">;
}

export class Migration extends pulumi.ComponentResource {
  /** Known once the migration has succeeded; fails when it failed. Whatever must come after takes it as an input. */
  readonly passed: pulumi.Output<string>;

  constructor(name: string, args: MigrationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Migration", name, {}, opts);
    const id = fingerprint({ image: args.image, command: args.command, secrets: args.secretsId });

    const container = new docker.Container(
      releaseName(`${args.service}-migration`, args.version, id),
      {
        ...containerArgs(args.owner, `${args.service}-migration`, args.policy),
        ...ONE_SHOT,
        image: args.image,
        command: args.command,
        envs: [...variables(args.environment), ...(args.secretFiles?.envs ?? [])],
        volumes: args.secretFiles && [args.secretFiles.mount],
        networksAdvanced: args.networks.map((network) => ({ name: network })),
      },
      {
        parent: this,
        // What ran has run: a changed variable is no reason to run it again.
        ignoreChanges: ["envs", "cpuQuota", "memory", "memorySwap"],
        additionalSecretOutputs: ["containerLogs"],
      },
    );

    this.passed = gate(container, id, `the migration of ${args.service}`, args.secrets);
    this.registerOutputs({ passed: this.passed });
  }
}
