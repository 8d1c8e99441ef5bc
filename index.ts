/** The program: read the settings, build one target, export the contract. */
import * as pulumi from "@pulumi/pulumi";
import { assembleOutputs } from "./components/outputs.ts";
import { currentRelease, withReleaseSettings } from "./components/release.ts";
import { type VpsSettings, readSettings } from "./components/settings.ts";
import type { Owner } from "./components/shared/labels.ts";

/** Pulumi runs this and exports what it returns. Only the target's own SDK is loaded. */
export default async function program() {
  const settings = readSettings();
  const owner = { project: pulumi.getProject(), stack: pulumi.getStack() };
  if (settings.target === "vps") return application(settings, owner);
  const { host } = await import("./components/targets/host.ts");
  return host(settings, owner);
}

async function application(file: VpsSettings, owner: Owner) {
  const { vps } = await import("./components/targets/vps.ts");
  const release = await currentRelease(file.release, owner);
  const settings = release.restored ? withReleaseSettings(file, release.restored, owner) : file;
  const built = vps(settings, release, owner);
  return assembleOutputs({ settings, owner, release, built });
}
