/**
 * Static files of the last releases, kept where nginx serves them from: a page that was opened before a release asks for
 * the files of its own release, whose containers may be gone.
 */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { fingerprint, releaseName } from "../shared/names.ts";
import { containerArgs, scriptEntrypoint } from "./container.ts";
import { ONE_SHOT, gate } from "./gate.ts";

/** Where nginx finds the files, by service. */
export const ASSETS_FOLDER = "/assets";
/** Releases whose files stay reachable, this one included: as many as can be gone back to (cli/ledger.ts). */
const KEPT_RELEASES = 5;

export interface AssetsArgs {
  owner: Owner;
  /** Service they belong to. */
  service: string;
  /** Version of the release. */
  version: string;
  /** Image with tag or digest; it needs `sh`, `find`, `cp` and `comm`. */
  image: string;
  /** Public path that they are asked for under, such as `/_next/static`. */
  path: string;
  /** Folder of the image that holds them. */
  folder: string;
  /** Docker name of the volume that nginx reads. */
  volume: pulumi.Input<string>;
}

/** Copies the files of one release. Known once that has succeeded; fails when it failed. */
export function keepAssets(args: AssetsArgs, parent: pulumi.Resource): pulumi.Output<string> {
  const { owner, service, version, image, path, folder, volume } = args;
  const name = `${service}-assets`;
  const id = fingerprint({ image, path, folder });
  const container = new docker.Container(
    releaseName(name, version, id),
    {
      // root without any capability: it owns what it writes on the volume, and reads what everybody may.
      ...containerArgs(owner, name, { cpu: 0.5, memory: "128MiB", user: "0:0", stopSeconds: 5 }),
      ...ONE_SHOT,
      image,
      entrypoints: scriptEntrypoint("assets/keep.sh"),
      command: [],
      envs: [
        `FOLDER=${folder}`,
        `KEEP=${KEPT_RELEASES}`,
        `RELEASE=${version}-${id}`,
        `SERVICE=${service}`,
        `URL_PATH=${path}`,
      ],
      networkMode: "none",
      volumes: [{ volumeName: volume, containerPath: ASSETS_FOLDER }],
    },
    { parent },
  );
  return gate(container, id, `keeping the static files of ${service}`);
}
