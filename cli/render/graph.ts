/** Everything that the program would make of a stack, without an engine and without credentials. */
import { join } from "node:path";
import { execaNode } from "execa";
import { badInput } from "../errors.ts";
import type { StackFile } from "../project.ts";
import { asPulumiReads } from "../stack-settings.ts";
import type { Answer, Registration, StackInput } from "./program.ts";

export interface StackOfFile {
  readonly project: string;
  readonly stack: string;
  /** Checkout whose program is run. @default this one */
  readonly root?: string;
  /** Folder of its settings. */
  readonly folder: string;
  readonly file: StackFile;
  /** Secrets that its file has not. */
  readonly promised: readonly string[];
  /** What stands for an encrypted value. @default the same for all */
  readonly wordFor?: (encrypted: string) => string;
}

const OWN_ROOT = join(import.meta.dirname, "..", "..");
const PRELOAD = join(import.meta.dirname, "..", "preload.cjs");
/** Which cluster it is says nothing of what is put there. */
const ANY_CLUSTER = JSON.stringify({ kubeconfig: join(import.meta.dirname, "kubeconfig.yaml") });

/** @throws CliError, exit code 2, with the program's own message where it refuses. */
export async function registeredBy(of: StackOfFile): Promise<Registration> {
  const { root = OWN_ROOT, project, stack, folder, file, promised, wordFor } = of;
  const { raw, secretKeys } = asPulumiReads(file.config, promised, wordFor);
  const input: StackInput = {
    root,
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
    nodeOptions: ["--require", PRELOAD],
    env: {
      // Pulumi's own variables would take it for a program that an engine runs.
      NODE_OPTIONS: undefined,
      PULUMI_CONFIG: undefined,
      PULUMI_CONFIG_SECRET_KEYS: undefined,
      // Of a checkout that is there for this alone, what is kept would be of no use to anybody.
      ...(root === OWN_ROOT ? {} : { NODE_DISABLE_COMPILE_CACHE: "1" }),
    },
  });
  const [message] = ipcOutput;
  const answer = JSON.parse(
    typeof message === "string" ? message : JSON.stringify({ problem: stderr }),
  ) as Answer;
  if ("problem" in answer) throw badInput(answer.problem);
  return answer;
}
