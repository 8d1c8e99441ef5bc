/** Everything that the program would make of a stack, without an engine and without credentials. */
import { join } from "node:path";
import { execaNode } from "execa";
import { badInput } from "../errors.ts";
import type { StackFile } from "../project.ts";
import { asPulumiReads } from "../stack-settings.ts";
import type { Registration, StackInput } from "./program.ts";
import type { Registered } from "./recorder.ts";

export interface RegisteredStack {
  readonly project: string;
  readonly stack: string;
  /** Folder of its settings. */
  readonly folder: string;
  readonly file: StackFile;
  /** Secrets that its file has not. */
  readonly promised: readonly string[];
}

/** Which cluster it is says nothing of what is put there. */
const ANY_CLUSTER = JSON.stringify({ kubeconfig: join(import.meta.dirname, "kubeconfig.yaml") });

/** @throws CliError, exit code 2, with the program's own message where it refuses. */
export async function registeredBy({
  project,
  stack,
  folder,
  file,
  promised,
}: RegisteredStack): Promise<Registered[]> {
  const { raw, secretKeys } = asPulumiReads(file.config, promised);
  // Who applies the objects does not change them.
  delete raw.gitops;
  const input: StackInput = {
    project,
    stack,
    raw: raw.target === "kubernetes" ? { ...raw, cluster: ANY_CLUSTER } : raw,
    secretKeys: [...secretKeys],
  };
  const { ipcOutput, stderr } = await execaNode(join(import.meta.dirname, "program.ts"), {
    cwd: folder,
    ipcInput: JSON.stringify(input),
    reject: false,
    stdin: "ignore",
    // Pulumi's own variables would take it for a program that an engine runs.
    env: { NODE_OPTIONS: undefined, PULUMI_CONFIG: undefined, PULUMI_CONFIG_SECRET_KEYS: undefined },
  });
  const [message] = ipcOutput;
  const registration = JSON.parse(
    typeof message === "string" ? message : JSON.stringify({ problem: stderr }),
  ) as Registration;
  if ("problem" in registration) throw badInput(registration.problem);
  return registration.resources;
}
