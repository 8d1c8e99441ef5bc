/**
 * Alarms of the whole stack: a volume as the outbox, into which any container drops a sentence, and one container that
 * delivers each until it is accepted.
 */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { REPLACED_BY, type Watched, containerArgs, scriptEntrypoint } from "./container.ts";
import { SecretFiles } from "./secret-files.ts";
import { dataVolume } from "./volume.ts";

export interface AlarmsArgs {
  owner: Owner;
  /** Image with curl, as in anything that behaves as nginx:1.28-alpine does. */
  image: string;
  /** Address that alarms are posted to, as Slack's webhooks take them. Changing it writes its file anew. */
  url: pulumi.Input<string>;
  /** Docker network with a way to the internet. */
  network: pulumi.Input<string>;
}

/** Folder of the outbox wherever it is mounted; alarms/raise.sh has it too. */
export const OUTBOX_FOLDER = "/alarms";

export class Alarms extends pulumi.ComponentResource {
  /** The outbox as a mount, for `volumes`: alarms/raise.sh says how to put something into it. */
  readonly outbox: { volumeName: pulumi.Output<string>; containerPath: string };
  /** What runs. */
  readonly watched: Watched[];

  constructor(name: string, args: AlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Alarms", name, {}, opts);
    const volume = dataVolume(args.owner, name, { parent: this });
    this.outbox = { volumeName: volume.name, containerPath: OUTBOX_FOLDER };

    const secrets = new SecretFiles(
      `${name}-secrets`,
      { owner: args.owner, image: args.image, secrets: { ALARM_URL: args.url }, uid: "0" },
      { parent: this },
    );
    const container = new docker.Container(
      name,
      {
        // Without any capability: an ordinary user who owns the outbox.
        ...containerArgs(args.owner, name, { cpu: 0.25, memory: "64MiB", user: "0:0", stopSeconds: 5 }),
        image: args.image,
        entrypoints: scriptEntrypoint("alarms/deliver.sh"),
        volumes: [this.outbox, secrets.mount],
        networksAdvanced: [{ name: args.network }],
        healthcheck: {
          tests: ["CMD-SHELL", "[ $(($(date +%s) - $(stat -c %Y /tmp/alive))) -lt 60 ]"],
          interval: "30s",
          timeout: "5s",
          startPeriod: "10s",
          retries: 3,
        },
      },
      { parent: this, replaceOnChanges: REPLACED_BY, deleteBeforeReplace: true },
    );

    this.watched = [{ resource: name, id: container.id }];
    this.registerOutputs({ volume: volume.name });
  }
}
