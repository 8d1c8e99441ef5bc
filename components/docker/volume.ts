/** Named volumes: where data outlives containers. */
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { type Owner, labels } from "../shared/labels.ts";

/**
 * A volume with a fixed Docker name: creating one that exists adopts it, so an update that was killed between creating
 * a volume and recording it loses no data. Labels never change after creation, since that would replace the volume.
 */
export function dataVolume(owner: Owner, name: string, opts: pulumi.CustomResourceOptions): docker.Volume {
  return new docker.Volume(
    name,
    { name: volumeName(owner, name), labels: labels(owner, name) },
    { ...opts, ignoreChanges: ["labels", "driverOpts"] },
  );
}

/** What Docker calls it. */
export function volumeName({ project, stack }: Owner, name: string): string {
  return `${project}-${stack}-${name}`;
}
