/** The real `tristack` command in a process of its own, with an environment that a test chooses. */
import { join } from "node:path";
import { execa } from "execa";

const COMMAND = join(import.meta.dirname, "..", "..", "cli", "tristack.js");

export interface Ran {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param input what comes on stdin. @default nothing */
export async function tristack(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input?: string,
): Promise<Ran> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [COMMAND, ...args], {
    env: { PATH: process.env.PATH, ...env },
    extendEnv: false,
    reject: false,
    ...(input === undefined ? { stdin: "ignore" } : { input }),
  });
  return { code: exitCode, stdout, stderr };
}
