/** The checkout's program, run by this process: an update need not wait for a language host and a second Node. */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { TARGETS } from "../components/targets/load.ts";
import { type Project, readPulumiYaml } from "./project.ts";

/** Loads beforehand what the program needs for `target`, if it is this checkout's. */
export async function loadProgram(project: Project, target: keyof typeof TARGETS): Promise<void> {
  if (await ownProgram(project)) await TARGETS[target]();
}

/** Undefined for a project that is not this checkout: its program has a Pulumi SDK of its own. */
export async function ownProgram({ root }: Project): Promise<PulumiFn | undefined> {
  if (realpathSync(root) !== realpathSync(dirname(import.meta.dirname))) return undefined;
  const file = pathToFileURL(join(root, readPulumiYaml(root).main));
  const { default: program } = (await import(file.href)) as { default: PulumiFn };
  return program;
}
