/** What an application at AWS stands on: a network and a database of its own, or what another stack has. Wiring only. */
import * as pulumi from "@pulumi/pulumi";
import { Database } from "../aws/database.ts";
import { EnvironmentDatabase } from "../aws/environment-database.ts";
import { Network, type Place } from "../aws/network.ts";
import { sharedStack } from "../aws/shared-stack.ts";
import type { Built } from "../outputs.ts";
import { type AwsSettings, isProtected } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { mebibytes } from "../shared/units.ts";

export interface Ground {
  readonly network: Place;
  readonly database: Database | EnvironmentDatabase;
  /** What has to be there before anything can run in the network. */
  readonly ready: readonly pulumi.Resource[];
}

/** @param logDays days that logs are kept */
export async function groundOf(
  settings: AwsSettings,
  owner: Owner,
  logDays: number,
  opts: pulumi.ComponentResourceOptions,
): Promise<Ground> {
  if (!settings.shared) return ownGround(settings, logDays, opts);
  const { network, instance } = await sharedStack(settings.shared.stack, settings.region, owner);
  const { architecture, images } = settings;
  const database = new EnvironmentDatabase(
    "database",
    { owner, instance, network, image: images.postgres, architecture, logDays },
    opts,
  );
  return { network, database, ready: [] };
}

function ownGround(
  { environment: { kind }, ...settings }: AwsSettings,
  logDays: number,
  opts: pulumi.ComponentResourceOptions,
): Ground {
  const protect = isProtected(kind);
  const network = new Network(
    "network",
    {
      zones: settings.network.zones === 3 ? 3 : 2,
      nat: settings.network.nat,
      endpoints: settings.network.nat === "none" ? ["secretsmanager"] : [],
      ...(kind === "production" ? { flowLogDays: logDays } : {}),
      protect,
    },
    opts,
  );
  const database = new Database(
    "database",
    {
      vpcId: network.vpcId,
      subnetIds: network.dataSubnetIds,
      instanceClass: settings.database.instanceClass,
      storage: gibibytesOf(settings),
      name: settings.database.name,
      user: settings.database.user,
      multiAz: settings.database.standby && kind !== "preview",
      backupDays: settings.database.backupDays,
      logDays,
      finalSnapshot: kind !== "preview",
      protect,
      deletionProtection: kind === "production",
    },
    opts,
  );
  return { network, database, ready: [network] };
}

/** Storage that the database begins with. */
export function gibibytesOf({ database }: Pick<AwsSettings, "database">): number {
  return Math.ceil(mebibytes(database.storage) / 1024);
}

/** What preview environments use of it: nothing of production's, nor what is another stack's already. */
export function sharedBy(
  { network, database }: Ground,
  { environment, region }: Pick<AwsSettings, "environment" | "region">,
  jobsGroupId: pulumi.Input<string>,
): Built["shared"] {
  if (environment.kind === "production" || database instanceof EnvironmentDatabase) return undefined;
  const { vpcId, publicSubnetIds, privateSubnetIds, leadsOut, closedGroupId } = network;
  return pulumi.output({
    region,
    vpcId,
    publicSubnetIds: [...publicSubnetIds],
    privateSubnetIds: [...privateSubnetIds],
    leadsOut,
    closedGroupId,
    jobsGroupId,
    databaseGroupId: database.groupId,
  });
}
