/**
 * Secrets as files on a volume that only the containers they are meant for mount, read-only: they are in no environment
 * variable, no `docker inspect` and no image, and in Pulumi's state they are encrypted.
 */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { LABEL, type Owner, labels } from "../shared/labels.ts";
import { SECRETS_FOLDER, secretPath } from "../shared/secret-path.ts";

export interface SecretFilesArgs {
  owner: Owner;
  /** An image that the engine has anyway; nothing of it is run. */
  image: string;
  /** Secrets by name; each becomes a file of that name. Changing one writes it anew. */
  secrets: Record<string, pulumi.Input<string>>;
  /** Numeric user id that alone may read the files. @default every user of the containers that mount them */
  uid?: string;
  /** Service they belong to, for the label. */
  service?: string;
}

/**
 * A volume, and a container that is created but never started: Docker can copy files into a volume only through a
 * container, and refuses to where that container's root filesystem is read-only, as those that use the files are.
 */
export class SecretFiles extends pulumi.ComponentResource {
  /** `<NAME>_FILE=<path>` for each secret. */
  readonly envs: string[];
  /** The mount, for `volumes`. */
  readonly mount: { volumeName: pulumi.Output<string>; containerPath: string; readOnly: boolean };

  constructor(name: string, args: SecretFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:SecretFiles", name, {}, opts);
    const names = Object.keys(args.secrets).sort();
    const own = labels(args.owner, name, args.service ? { [LABEL.service]: args.service } : {});

    const volume = new docker.Volume(name, { labels: own }, { parent: this, ignoreChanges: ["labels"] });
    const carrier = new docker.Container(
      name,
      {
        image: args.image,
        command: ["true"],
        start: false,
        mustRun: false,
        restart: "no",
        networkMode: "none",
        labels: own,
        volumes: [{ volumeName: volume.name, containerPath: SECRETS_FOLDER }],
        uploads: names.map((secret) => ({
          file: secretPath(secret),
          content: args.secrets[secret],
          owner: args.uid,
          permissions: args.uid ? "0400" : "0444",
        })),
      },
      { parent: this, deleteBeforeReplace: true },
    );

    this.envs = names.map((secret) => `${secret}_FILE=${secretPath(secret)}`);
    // Through the carrier: whoever mounts the volume must find the files in it.
    const volumeName = pulumi.all([volume.name, carrier.image]).apply(([name]) => name);
    this.mount = { volumeName, containerPath: SECRETS_FOLDER, readOnly: true };
    this.registerOutputs({ volume: volumeName });
  }
}
