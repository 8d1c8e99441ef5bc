/** The program: read the settings, build one target, export the contract. */
import * as pulumi from "@pulumi/pulumi";
import { type Built, assembleOutputs } from "./components/outputs.ts";
import { type Release, currentRelease, withReleaseSettings } from "./components/release.ts";
import { type ApplicationSettings, readSettings } from "./components/settings.ts";
import type { Owner } from "./components/shared/labels.ts";

/** Pulumi runs this and exports what it returns. Only the target's own SDK is loaded. */
export default async function program() {
  const settings = readSettings();
  const owner = { project: pulumi.getProject(), stack: pulumi.getStack() };
  if (settings.target === "vps") {
    const { vps } = await import("./components/targets/vps.ts");
    return application(settings, owner, vps);
  }
  if (settings.target === "kubernetes") {
    const { kubernetes } = await import("./components/targets/kubernetes.ts");
    return application(settings, owner, kubernetes);
  }
  if (settings.target === "aws") {
    const { awsTarget } = await import("./components/targets/aws.ts");
    return application(settings, owner, awsTarget);
  }
  if (settings.target === "cluster") {
    const { cluster } = await import("./components/targets/cluster.ts");
    return cluster(settings, owner);
  }
  if (settings.target === "account") {
    const { account } = await import("./components/targets/account.ts");
    return account(settings, owner);
  }
  const { host } = await import("./components/targets/host.ts");
  return host(settings, owner);
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
