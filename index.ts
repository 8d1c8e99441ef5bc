/** The program: read the settings, build one target, export the contract. */
import * as pulumi from "@pulumi/pulumi";
import { type Built, assembleOutputs } from "./components/outputs.ts";
import { type Release, currentRelease, withReleaseSettings } from "./components/release.ts";
import { type ApplicationSettings, readSettings } from "./components/settings.ts";
import type { Owner } from "./components/shared/labels.ts";
import { TARGETS } from "./components/targets/load.ts";

/** Pulumi runs this and exports what it returns. Only the target's own SDK is loaded. */
export default async function program() {
  const settings = readSettings();
  const owner = { project: pulumi.getProject(), stack: pulumi.getStack() };
  if (settings.target === "vps") return application(settings, owner, await TARGETS.vps());
  if (settings.target === "kubernetes") return application(settings, owner, await TARGETS.kubernetes());
  if (settings.target === "aws") return application(settings, owner, await TARGETS.aws());
  if (settings.target === "cluster") return (await TARGETS.cluster())(settings, owner);
  if (settings.target === "account") return (await TARGETS.account())(settings, owner);
  return (await TARGETS.host())(settings, owner);
}

async function application<S extends ApplicationSettings>(
  file: S,
  owner: Owner,
  build: (settings: S, release: Release, owner: Owner) => Built | Promise<Built>,
) {
  const release = await currentRelease(file.release, owner);
  const settings = release.restored ? withReleaseSettings(file, release.restored, owner) : file;
  const built = await build(settings, release, owner);
  return assembleOutputs({ settings, owner, release, built });
}
