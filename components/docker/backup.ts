/**
 * Backups of the database: one container that reads it and cannot reach the internet, and one that uploads, pings and
 * cannot reach the database. They meet in the volume of the backups.
 */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import {
  type BackupSettings,
  courierSecretNames,
  courierVariables,
  keeperVariables,
} from "../shared/backup-variables.ts";
import type { Owner } from "../shared/labels.ts";
import { seconds } from "../shared/units.ts";
import { Alarms } from "./alarms.ts";
import { REPLACED_BY, type Watched, containerArgs, savedScript, scriptText, variables } from "./container.ts";
import { POSTGRES_PASSWORD_FILE, Postgres } from "./postgres.ts";
import { RECORDS_FOLDER } from "./records.ts";
import { SecretFiles } from "./secret-files.ts";

export interface BackupArgs {
  owner: Owner;
  settings: BackupSettings;
  /** The database's own image: pg_dump must be of its server's major version. */
  image: string;
  /** Image of the courier: curl 7.75 or newer, as in anything that behaves as nginx:1.28-alpine does. */
  courierImage: string;
  /** Name and owner of the database. */
  database: { name: string; user: string };
  /** Mount of the volume with the owner's password. */
  passwordMount: SecretFiles["mount"];
  /** Docker name of the volume that backups are kept in. */
  volume: pulumi.Input<string>;
  /** Docker name of the volume of records. */
  records: pulumi.Input<string>;
  /** Docker network of the database. */
  backend: pulumi.Input<string>;
  /** Docker network with a way to the internet. */
  frontend: pulumi.Input<string>;
  /** The outbox of alarms. @default alarms stay in the log */
  alarms?: Alarms;
  /** A secret by its name under `secrets`. */
  secret: (name: string) => pulumi.Input<string>;
}

/** Folder of the backups inside both containers. */
const BACKUPS_FOLDER = "/backups";
/** Where both containers keep their own script, for `docker exec`. */
export const SCRIPT = "/tmp/tristack-backup";

export class Backup extends pulumi.ComponentResource {
  /** Docker name of the container that makes backups. */
  readonly container: pulumi.Output<string>;
  /** What runs. */
  readonly watched: Watched[];

  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Backup", name, {}, opts);
    const { owner, settings } = args;
    const backups = { volumeName: args.volume, containerPath: BACKUPS_FOLDER };
    const outbox = args.alarms ? [args.alarms.outbox] : [];

    const keeper = new docker.Container(
      name,
      {
        ...containerArgs(owner, name, {
          cpu: settings.cpu,
          memory: settings.memory,
          user: "postgres",
          stopSeconds: 30,
        }),
        image: args.image,
        entrypoints: savedScript(SCRIPT, script("common.sh", "dump.sh", "restore.sh", "keeper.sh"), "serve"),
        envs: variables(
          keeperVariables(owner, settings, {
            host: Postgres.host,
            port: Postgres.port,
            ...args.database,
            passwordFile: POSTGRES_PASSWORD_FILE,
          }),
        ),
        volumes: [args.passwordMount, backups, ...outbox],
        networksAdvanced: [{ name: args.backend }],
        healthcheck: health(["CMD", "/bin/sh", SCRIPT, "health"]),
      },
      { parent: this, replaceOnChanges: REPLACED_BY, deleteBeforeReplace: true },
    );

    const files = courierSecrets(name, args, this);
    const courier = new docker.Container(
      `${name}-courier`,
      {
        ...containerArgs(owner, `${name}-courier`, {
          cpu: 0.5,
          memory: "128MiB",
          // Without any capability: an ordinary user who owns the volumes of backups and records.
          user: "0:0",
          stopSeconds: 10,
        }),
        image: args.courierImage,
        entrypoints: savedScript(
          SCRIPT,
          script("common.sh", "deliver.sh", "remote.sh", "states.sh", "courier.sh"),
          "serve",
        ),
        envs: variables(courierVariables(owner, settings)),
        volumes: [
          ...(files ? [files.mount] : []),
          backups,
          ...outbox,
          { volumeName: args.records, containerPath: RECORDS_FOLDER },
        ],
        networksAdvanced: [{ name: args.frontend }],
        // It may be busy with one upload for that long.
        healthcheck: health([
          "CMD-SHELL",
          `[ $(($(date +%s) - $(stat -c %Y /tmp/alive))) -lt ${4 * seconds(settings.timeout) + 120} ]`,
        ]),
      },
      { parent: this, replaceOnChanges: REPLACED_BY, deleteBeforeReplace: true },
    );

    this.container = keeper.name;
    this.watched = [
      { resource: name, id: keeper.id },
      { resource: `${name}-courier`, id: courier.id },
    ];
    this.registerOutputs({ container: this.container });
  }

  /** The part of the stack's outputs that says how backups are made and restored. */
  static output(settings: BackupSettings, container: pulumi.Output<string>, volume: pulumi.Output<string>) {
    const call = (command: string) => ({
      via: "docker" as const,
      target: container,
      args: ["/bin/sh", SCRIPT, command],
    });
    const { s3 } = settings;
    return pulumi.output({
      schedule: settings.schedule,
      retentionDays: settings.retentionDays,
      destination: s3 ? `s3://${s3.bucket}/${s3.prefix}` : pulumi.interpolate`file:${volume}`,
      run: call("now"),
      restore: call("prepare"),
    });
  }
}

/** The parts of the script, one after the other. */
function script(...parts: string[]): string {
  return scriptText("alarms/raise.sh", ...parts.map((part) => `backup/${part}`));
}

function health(tests: string[]) {
  return { tests, interval: "30s", timeout: "10s", startPeriod: "30s", retries: 3 };
}

function courierSecrets(name: string, args: BackupArgs, parent: pulumi.Resource): SecretFiles | undefined {
  const secrets = Object.fromEntries(
    Object.entries(courierSecretNames(args.settings)).map(([file, secret]) => [file, args.secret(secret)]),
  );
  if (Object.keys(secrets).length === 0) return undefined;
  return new SecretFiles(
    `${name}-secrets`,
    { owner: args.owner, image: args.courierImage, secrets, uid: "0" },
    { parent },
  );
}
