/**
 * Where the host keeps what is learned outside of updates: the ledger of releases, and the last deploy, backup and
 * restore drill (`tristack outputs` merges them as `status`). Files of JSON, each written whole and then renamed.
 */
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { dataVolume, volumeName } from "./volume.ts";

/** Folder of the records wherever they are mounted. */
export const RECORDS_FOLDER = "/records";

/** What the resource is called. */
export const RECORDS = "records";

/** Docker name of the volume. */
export function recordsVolume(owner: Owner): string {
  return volumeName(owner, RECORDS);
}

export class Records extends pulumi.ComponentResource {
  /** Docker name of the volume. */
  readonly volume: pulumi.Output<string>;
  /** URI of the folder: `file:` and the volume's name. */
  readonly reference: pulumi.Output<string>;

  /** @param args.protect whether the volume refuses to be deleted */
  constructor(
    name: string,
    args: { owner: Owner; protect: boolean },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("tristack:docker:Records", name, {}, opts);
    const volume = dataVolume(args.owner, name, { parent: this, protect: args.protect });
    this.volume = volume.name;
    this.reference = pulumi.interpolate`file:${volume.name}`;
    this.registerOutputs({ volume: this.volume });
  }
}
