/**
 * The two containers that make, try and restore backups: the keeper reads the database, the courier speaks with S3. The
 * scripts are those of the other targets, and part of the definition: official images are used as they are.
 */
import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { COURIER_PARTS, KEEPER_PARTS } from "../docker/backup-scripts.ts";
import { scriptText } from "../docker/container.ts";
import { type BackupPlan, courierVariables, keeperVariables } from "../shared/backup-variables.ts";
import type { Owner } from "../shared/labels.ts";
import { METRICS } from "./backup-alarms.ts";
import { filledIn, logConfiguration, variables } from "./task-runner.ts";

export interface BackupTaskArgs {
  owner: Owner;
  plan: BackupPlan;
  /** Folder of the bucket that backups are in. */
  place: { bucket: pulumi.Input<string>; prefix: string; region: string };
  /** Images of both. */
  images: { postgres: string; courier: string };
  database: {
    host: pulumi.Input<string>;
    port: number;
    name: string;
    user: string;
    /** ARN in Secrets Manager of its URL. */
    urlArn: pulumi.Input<string>;
  };
  /** ARN of the URL that is asked after each success. */
  pingArn?: pulumi.Input<string>;
  logs: aws.cloudwatch.LogGroup;
}

/** The one that is told what to do. */
export const KEEPER = "keeper";
const COURIER = "courier";

/** By name, with the folders that each container has them at. */
const VOLUMES = {
  backups: { [KEEPER]: ["/backups"], [COURIER]: ["/backups"] },
  // Where the image's server has its data, the drill has that of its own. The courier opens it: volumes are root's.
  "keeper-scratch": { [KEEPER]: ["/tmp", "/var/lib/postgresql/data"], [COURIER]: ["/keeper"] },
  "courier-scratch": { [KEEPER]: [], [COURIER]: ["/tmp"] },
} as const;

export const backupVolumes = Object.keys(VOLUMES).map((name) => ({ name }));

/** @returns JSON, as ECS takes it. */
export function backupContainers(args: BackupTaskArgs): pulumi.Output<string> {
  const { owner, plan, place, images, database, logs } = args;
  return pulumi.all([place.bucket, database.host]).apply(([bucket, host]) => {
    const s3 = { ...place, bucket, serverSideEncryption: "AES256" as const };
    const keeper = {
      ...containerOf(KEEPER, logs),
      image: images.postgres,
      // Root may not start a server.
      user: "postgres",
      entryPoint: shell(KEEPER, ...KEEPER_PARTS, "../aws/backup/keeper-task.sh"),
      command: ["now"],
      dependsOn: [{ containerName: COURIER, condition: "START" }],
      environment: variables({
        ...keeperVariables(owner, { ...plan, s3 }, { ...database, host, passwordFile: "/tmp/password" }),
        // RDS signs with an authority of its own.
        PGSSLMODE: "verify-full",
        PGSSLROOTCERT: "/tmp/authority.pem",
        METRICS,
      }),
      secrets: filledIn({ DATABASE_URL: database.urlArn }),
    };
    const courier = {
      ...containerOf(COURIER, logs),
      image: images.courier,
      user: "0:0",
      entryPoint: shell(COURIER, ...COURIER_PARTS, "../aws/backup/courier-task.sh"),
      environment: variables({
        ...courierVariables(owner, { ...plan, s3 }),
        DATABASE_CA_URL: `https://truststore.pki.rds.amazonaws.com/${place.region}/${place.region}-bundle.pem`,
        KEEPER_SCRATCH: VOLUMES["keeper-scratch"][COURIER][0],
      }),
      secrets: filledIn(args.pingArn === undefined ? {} : { PING_URL: args.pingArn }),
    };
    return pulumi.jsonStringify([keeper, courier]);
  });
}

/** What both have in common: no rights, a read-only root, a log. */
function containerOf(name: typeof KEEPER | typeof COURIER, logs: aws.cloudwatch.LogGroup) {
  return {
    name,
    essential: true,
    readonlyRootFilesystem: true,
    linuxParameters: { capabilities: { drop: ["ALL"] }, initProcessEnabled: true },
    mountPoints: Object.entries(VOLUMES).flatMap(([sourceVolume, folders]) =>
      folders[name].map((containerPath) => ({ sourceVolume, containerPath })),
    ),
    logConfiguration: logConfiguration(name, logs),
  };
}

/** The command of the container, or what stands in its place, are the words of the script. */
function shell(name: string, ...parts: string[]): string[] {
  return ["/bin/sh", "-c", scriptText(...parts), name];
}
