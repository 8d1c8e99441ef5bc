/** Pulumi's parts on this machine, as the SDKs in package.json ask for them. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "./e2e-command.ts";

const { dependencies } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};

/** Plugins that a VPS stack needs: each in the version of its SDK. */
export const PLUGINS = ["docker", "random"].map((name) => ({
  name,
  version: dependencies[`@pulumi/${name}`] ?? "",
}));

/** A path in Pulumi's own folder. */
export function inPulumiHome(...below: string[]): string {
  return join(process.env.PULUMI_HOME || join(homedir(), ".pulumi"), ...below);
}
