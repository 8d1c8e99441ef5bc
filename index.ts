/** The program: read the settings, build one target, export the contract. */
import * as pulumi from "@pulumi/pulumi";
import { assembleOutputs } from "./components/outputs.ts";
import { currentRelease, withReleaseSettings } from "./components/release.ts";
import { readSettings } from "./components/settings.ts";
import { vps } from "./components/targets/vps.ts";

/** Pulumi runs this and exports what it returns. */
export default async function program() {
  const file = readSettings();
  const owner = { project: pulumi.getProject(), stack: pulumi.getStack() };
  const release = await currentRelease(file.release, owner);
  const settings = release.restored ? withReleaseSettings(file, release.restored, owner) : file;
  const built = vps(settings, release, owner);
  return assembleOutputs({ settings, owner, release, built });
}
