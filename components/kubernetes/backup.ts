/**
 * Backups of the database: a CronJob that makes them, one that tries to restore the newest, and the template of every Job that
 * `tristack backup` and `tristack restore` start. Each pod has the two halves that the target vps has: the keeper
 * reads the database, its sidecar, the courier, speaks with S3. Neither has the other's secrets.
 */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { COURIER_PARTS, KEEPER_PARTS } from "../docker/backup-scripts.ts";
import { scriptText } from "../docker/container.ts";
import {
  type BackupSettings,
  courierSecretNames,
  courierVariables,
  keeperVariables,
} from "../shared/backup-variables.ts";
import type { Owner } from "../shared/labels.ts";
import { fingerprint } from "../shared/names.ts";
import { SECRETS_FOLDER, secretPath } from "../shared/secret-path.ts";
import { mebibytes, seconds } from "../shared/units.ts";
import { type FlowsArgs, flows, internet, podsOf } from "./flow.ts";
import { labelsOf } from "./labels.ts";
import { NO_RIGHTS, podSpec, resourcesOf } from "./pod.ts";
import { Postgres } from "./postgres.ts";

export interface BackupArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
  settings: BackupSettings;
  /** The database's own image: pg_dump must be of its server's major version. */
  image: string;
  /** Image with curl 7.75 or newer. */
  courierImage: string;
  /** Name and owner of the database. */
  database: { name: string; user: string };
  /** Size of the database's volume: a dump, and a database restored from one, need no more. */
  size: string;
  /** Secret with the owner's password, as its entry `password`. */
  passwordSecret: pulumi.Input<string>;
  /** A secret by its name under `secrets`. */
  secret: (name: string) => pulumi.Input<string>;
  pullSecrets: pulumi.Input<string>[];
}

type PodSpec = kubernetes.types.input.core.v1.PodSpec;

const SCRIPTS_FOLDER = "/scripts";
const KEEPER = `${SCRIPTS_FOLDER}/keeper.sh`;
const COURIER = { cpu: 0.5, memory: "128MiB" };
/** The database image's own (postgres:16-alpine); the courier needs nobody in particular, and so both share files. */
const USER = { uid: 70, gid: 70 };
/** Jobs of each CronJob that are kept to look at: their pods, with their logs, go with them. */
const HISTORY = 3;

export class Backup extends pulumi.ComponentResource {
  /** The part of the stack's outputs that says how backups are made and restored. */
  readonly output: pulumi.Output<{
    schedule: string;
    retentionDays: number;
    destination: string;
    run: { via: "kubernetes"; target: string; args: string[] };
    restore: { via: "kubernetes"; target: string; args: string[] };
  }>;

  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:Backup", name, {}, opts);
    const { owner, namespace, settings } = args;
    const parent = { parent: this };
    const labels = labelsOf(owner, name);
    const metadata = { name, namespace, labels };

    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      { metadata, automountServiceAccountToken: false },
      parent,
    );
    flows({ owner, namespace, part: name, ingress: [], egress: egressOf(owner, settings) }, parent);
    const data = {
      "keeper.sh": scriptText(...KEEPER_PARTS, "../kubernetes/backup/keeper-job.sh"),
      "courier.sh": scriptText(...COURIER_PARTS, "../kubernetes/backup/courier-job.sh"),
    };
    // Named by what is in them: a Job that is under way keeps the scripts that it began with.
    const scripts = new kubernetes.core.v1.ConfigMap(
      `${name}-scripts`,
      { metadata: { ...metadata, name: `${name}-scripts-${fingerprint(data)}` }, data, immutable: true },
      parent,
    );
    const secret = new kubernetes.core.v1.Secret(
      `${name}-courier`,
      {
        metadata: { ...metadata, name: `${name}-secret` },
        stringData: Object.fromEntries(
          Object.entries(courierSecretNames(settings)).map(([file, secret]) => [file, args.secret(secret)]),
        ),
      },
      parent,
    );
    const names = {
      account: account.metadata.name,
      scripts: scripts.metadata.name,
      secret: secret.metadata.name,
    };
    const cronJob = (of: string, schedule: string, command: string) =>
      new kubernetes.batch.v1.CronJob(
        of,
        {
          metadata: { ...metadata, name: of },
          spec: {
            schedule,
            timeZone: "Etc/UTC",
            concurrencyPolicy: "Forbid",
            // A cluster that was down for as long as that makes up for it; later the next one is near.
            startingDeadlineSeconds: Math.max(60, seconds(settings.lateAfter)),
            successfulJobsHistoryLimit: HISTORY,
            failedJobsHistoryLimit: HISTORY,
            jobTemplate: {
              metadata: { labels },
              spec: {
                backoffLimit: 1,
                // A dump, two uploads of it, a restore, each of them bounded, and some air.
                activeDeadlineSeconds: 6 * seconds(settings.timeout) + 600,
                template: { metadata: { labels }, spec: podOf(args, names, command) },
              },
            },
          },
        },
        parent,
      );
    const made = cronJob(name, settings.schedule, "now");
    cronJob(`${name}-drill`, settings.drill, "drill");

    const target = pulumi.interpolate`${namespace}/${made.metadata.name}`;
    const call = (command: string) => ({ via: "kubernetes" as const, target, args: keeperCall(command) });
    this.output = pulumi.output({
      schedule: settings.schedule,
      retentionDays: settings.retentionDays,
      destination: `s3://${settings.s3?.bucket}/${settings.s3?.prefix}`,
      run: call("now"),
      restore: call("prepare"),
    });
    this.registerOutputs({ output: this.output });
  }

  /** What the pods of Jobs may use at most: two at a time, such as a scheduled one and one that somebody asked for. */
  static quota({ cpu, memory }: BackupSettings) {
    return {
      pods: 4,
      cpu: 2 * (cpu + COURIER.cpu),
      memoryMebibytes: 2 * (mebibytes(memory) + mebibytes(COURIER.memory)),
    };
  }
}

function keeperCall(command: string): string[] {
  return ["/bin/sh", KEEPER, command];
}

interface Names {
  account: pulumi.Input<string>;
  scripts: pulumi.Input<string>;
  secret: pulumi.Input<string>;
}

/** The keeper alone is told what to do; the courier does what that one asks for. */
function podOf(args: BackupArgs, names: Names, command: string): PodSpec {
  const { owner, settings } = args;
  const variables = (all: Record<string, string>) =>
    Object.entries(all).map(([key, value]) => ({ name: key, value }));
  const shared = [
    { name: "backups", mountPath: "/backups" },
    { name: "scripts", mountPath: SCRIPTS_FOLDER, readOnly: true },
  ];
  const resources = resourcesOf(settings);
  const spec = podSpec(
    {
      user: USER,
      // Where the image's server has its data, the drill has that of its own.
      writable: ["/var/lib/postgresql/data"],
      secretName: args.passwordSecret,
      mounts: shared,
      volumes: [
        { name: "backups", emptyDir: {} },
        { name: "courier-scratch", emptyDir: {} },
        { name: "courier-secrets", secret: { secretName: names.secret, defaultMode: 0o440 } },
        { name: "scripts", configMap: { name: names.scripts } },
      ],
      pullSecrets: args.pullSecrets,
      serviceAccountName: names.account,
    },
    {
      name: "keeper",
      image: args.image,
      command: keeperCall(command),
      env: variables(
        keeperVariables(owner, settings, {
          host: Postgres.host,
          port: Postgres.port,
          ...args.database,
          passwordFile: secretPath("password"),
        }),
      ),
      resources: {
        ...resources,
        limits: { ...resources.limits, "ephemeral-storage": `${2 * mebibytes(args.size) + 1024}Mi` },
      },
      // The last lines of what was said tell why it failed, for as long as its Job is kept.
      terminationMessagePolicy: "FallbackToLogsOnError",
    },
  );
  const courier = {
    name: "courier",
    image: args.courierImage,
    imagePullPolicy: "IfNotPresent",
    command: ["/bin/sh", `${SCRIPTS_FOLDER}/courier.sh`],
    // A sidecar: it runs for as long as the keeper does.
    restartPolicy: "Always",
    env: variables(courierVariables(owner, settings)),
    resources: resourcesOf(COURIER),
    securityContext: NO_RIGHTS,
    volumeMounts: [
      ...shared,
      // The keeper's has the database's password in it.
      { name: "courier-scratch", mountPath: "/tmp" },
      { name: "courier-secrets", mountPath: SECRETS_FOLDER, readOnly: true },
    ],
  };
  return {
    ...spec,
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 5,
    initContainers: [courier],
  };
}

/** The database, S3 on its port, and whoever is pinged. */
function egressOf(owner: Owner, { s3, ping }: BackupSettings): FlowsArgs["egress"] {
  const { protocol, hostname, port } = new URL(s3?.endpoint ?? "https://amazonaws.com");
  const s3Port = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  return [
    { to: podsOf(owner, "postgres"), port: Postgres.port },
    { to: s3?.endpoint === undefined ? [internet()] : serverOf(hostname), port: s3Port },
    // Amazon's S3 is there, too.
    ...(ping === undefined || s3?.endpoint === undefined ? [] : [{ to: [internet()], port: 443 }]),
  ];
}

/** A policy knows no names: a server of one may be anywhere, also in the cluster. */
function serverOf(hostname: string): FlowsArgs["egress"][number]["to"] {
  if (/^\d+(\.\d+){3}$/.test(hostname)) return [{ ipBlock: { cidr: `${hostname}/32` } }];
  return [{ ipBlock: { cidr: "0.0.0.0/0" } }, { namespaceSelector: {} }];
}
