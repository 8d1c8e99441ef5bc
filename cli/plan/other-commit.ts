/** Another commit of this repository in a folder of its own, for as long as it is needed. Nothing of the repository changes. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { badInput, failed } from "../errors.ts";

export interface OtherCommit {
  /** What was asked for, such as `origin/main`. */
  readonly ref: string;
  /** Short hash of the commit that it is. */
  readonly commit: string;
  /** The same folder as `root`, as it was in that commit. */
  readonly root: string;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `work` on the commit's files, with the libraries that are installed in `root`; removes them in any case.
 * @throws CliError, exit code 2, where there is no git, no repository, or no such commit.
 */
export async function withCommit<T>(
  root: string,
  ref: string,
  work: (commit: OtherCommit) => Promise<T>,
): Promise<T> {
  const place = await git(root, ["rev-parse", "--show-toplevel", "--show-prefix"]);
  if (!place.ok) throw badInput(`--against: ${place.problem}; needs a git repository`);
  const [top = root, prefix = ""] = place.output.split("\n");
  const found = await git(root, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);
  if (!found.ok)
    throw badInput(
      `--against: ${ref}; needs a commit, branch or tag that this repository has (a shallow clone has to fetch it first)`,
    );

  const folder = mkdtempSync(join(tmpdir(), "tristack-plan-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const stop = () => process.exit(1);
  process.once("exit", remove);
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    const checkout = join(folder, "checkout");
    // An index of its own: neither branch nor index of the repository are touched, as they would be by a worktree.
    const own = { GIT_INDEX_FILE: join(folder, "index"), GIT_LFS_SKIP_SMUDGE: "1" };
    await mustGit(top, ["read-tree", `${found.output}:${prefix}`], own);
    await mustGit(top, ["checkout-index", "--all", `--prefix=${checkout}/`], own);
    symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
    return await work({ ref, commit: found.output.slice(0, 7), root: checkout });
  } finally {
    remove();
    process.off("exit", remove);
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/** Those of the files, by their names in the folder, that git is told to leave alone. */
export async function ignoredFiles(folder: string, names: readonly string[]): Promise<string[]> {
  const { ok, output } = await git(folder, ["check-ignore", "--", ...names]);
  return ok ? output.split("\n") : [];
}

type Answer = { readonly ok: boolean; readonly output: string; readonly problem: string };

async function git(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Answer> {
  const result = await execa("git", ["-C", folder, ...args], { env, reject: false, stdin: "ignore" });
  if (result.code === "ENOENT") throw badInput("--against: there is no git on this machine; needs it");
  const [problem = result.shortMessage ?? ""] = result.stderr.split("\n").filter(Boolean);
  return { ok: !result.failed, output: result.stdout.trim(), problem: problem.replace(/^fatal: /, "") };
}

async function mustGit(folder: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { ok, problem } = await git(folder, args, env);
  if (!ok) throw failed(`git ${args[0] ?? ""}: ${problem}`);
}
