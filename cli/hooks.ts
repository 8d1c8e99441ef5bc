/** Commands of the user's own, run where `tristack deploy` runs. */
import { execa } from "execa";
import { failed } from "./errors.ts";
import type { Project } from "./project.ts";

const HOOK_SECONDS = 600;
const SHOWN_LINES = 15;

/** Runs a hook, if there is one. @throws CliError with the end of what it said, when it fails. */
export async function runHook(
  project: Project,
  name: "before" | "after" | "failure",
  command: readonly string[] | undefined,
  about: Readonly<Record<string, string>>,
): Promise<void> {
  const [file, ...args] = command ?? [];
  if (file === undefined) return;
  const env = Object.fromEntries(Object.entries(about).map(([key, value]) => [`TRISTACK_${key}`, value]));
  const options = { cwd: project.root, env, all: true, reject: false, timeout: HOOK_SECONDS * 1000 } as const;
  const result = await execa(file, args, { ...options, stdin: "ignore" });
  if (!result.failed) return;
  const said = (result.all || result.shortMessage || "").trim().split("\n").slice(-SHOWN_LINES).join("\n");
  throw failed(`the hook ${name} (${file}) failed, exit code ${result.exitCode ?? "none"}:\n${said}`);
}
