/** A stack as its program would make it, seen from its file alone: without state, so that the version that runs is not known. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { StackFile } from "../project.ts";
import { registeredBy } from "../render/graph.ts";
import type { Registration } from "../render/program.ts";
import type { Registered } from "../render/recorder.ts";
import { namesRelease, promisedBy, withVersion } from "../render/stacks.ts";
import { isBare, isKubernetes } from "../stack-settings.ts";

/** Whose program, and whose settings. */
export interface Place {
  /** Name of the project. */
  readonly project: string;
  /** Checkout whose program is run. @default this one */
  readonly root?: string;
  /** Folder of the settings. */
  readonly folder: string;
}

export interface SeenStack extends Registration {
  readonly stack: string;
  readonly target: string;
  /** Whether its file names no release, so that another version stands for it. */
  readonly standIn: boolean;
}

/** Version of a release that no file names. */
export const STAND_IN = "any";

/** @throws CliError, exit code 2, with all that is wrong with its settings. */
export async function seenStack(
  { project, root, folder }: Place,
  stack: string,
  file: StackFile,
): Promise<SeenStack> {
  const standIn = !isBare(file) && !namesRelease(file);
  const registration = await registeredBy({
    project,
    stack: basename(stack),
    root,
    folder,
    file: standIn ? withVersion(file, STAND_IN) : file,
    promised: promisedBy(file),
    wordFor,
  });
  const { cluster } = file.config;
  const resources = registration.resources.map((one) =>
    isKubernetes(file) ? withCluster(one, cluster) : one,
  );
  return { ...registration, resources, stack, target: String(file.config.target), standIn };
}

/** The program was told of a cluster that is none (render/graph.ts): what the settings say of theirs stands in its place. */
function withCluster(resource: Registered, cluster: unknown): Registered {
  if (resource.type !== "pulumi:providers:kubernetes") return resource;
  const inputs: Registered["inputs"] = { ...resource.inputs, cluster };
  delete inputs.kubeconfig;
  delete inputs.clusterIdentifier;
  return { ...resource, inputs };
}

/** Another word for another secret, so that what depends on it differs. Encrypted anew, the same secret is another one. */
function wordFor(encrypted: string): string {
  return `encrypted-${createHash("sha256").update(encrypted).digest("hex").slice(0, 32)}`;
}
