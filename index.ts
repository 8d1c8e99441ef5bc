/** The program: read the settings, build one target, export the contract. */
import * as pulumi from "@pulumi/pulumi";
import { assembleOutputs } from "./components/outputs.ts";
import { currentRelease } from "./components/release.ts";
import { readSettings } from "./components/settings.ts";
import { vps } from "./components/targets/vps.ts";

/** Pulumi runs this and exports what it returns. */
export default async function program() {
  const settings = readSettings();
  const owner = { project: pulumi.getProject(), stack: pulumi.getStack() };
  const release = await currentRelease(settings.release, owner);
  const built = vps(settings, release, owner);
  return assembleOutputs({ settings, owner, release, built });
}
