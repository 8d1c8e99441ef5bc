/** A fresh clone of this repository with its packages installed, made once and copied for each test file. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";

/**
 * Project of the clones. Another name than the repository's, so that a run never meets (or removes) the stack that
 * somebody has started from their own checkout of the same name on this machine.
 */
export const PROJECT = "tristack-e2e";

/** Files that hold the project's name. */
const NAMED = [
  "Pulumi.yaml",
  "Pulumi.local.yaml.template",
  "Pulumi.local-kubernetes.yaml.template",
  "Pulumi.staging.yaml",
  "Pulumi.production.yaml",
  "Pulumi.preview.yaml",
];

export interface Clone {
  readonly root: string;
  /** Seconds that `npm ci` took. */
  readonly installSeconds: number;
}

let folder: Promise<string> | undefined;
let first: Promise<Clone> | undefined;
let copies = 0;

/** Folder of everything that this run puts on the disk. */
export function scratch(): Promise<string> {
  folder ??= mkdtemp(join(tmpdir(), "tristack-e2e-"));
  return folder;
}

/** Removes it. */
export async function removeScratch(): Promise<void> {
  if (folder) await rm(await folder, { recursive: true, force: true });
}

/** The clone that `npm ci` ran in; tests work in copies of it. */
export function firstClone(): Promise<Clone> {
  first ??= makeFirst();
  return first;
}

/** A clone of its own. Packages are linked, not copied: nothing changes a file of theirs in place. */
export async function newClone(name: string): Promise<Clone> {
  const origin = await firstClone();
  copies += 1;
  const root = join(await scratch(), `${copies}-${name}`);
  const cwd = dirname(root);
  succeeded(await run("git", ["clone", "--quiet", origin.root, root], { cwd }));
  const from = join(origin.root, "node_modules");
  const linked = await run("cp", ["-al", from, root], { cwd });
  if (linked.exitCode !== 0)
    await cp(from, join(root, "node_modules"), { recursive: true, verbatimSymlinks: true });
  return { root, installSeconds: origin.installSeconds };
}

async function makeFirst(): Promise<Clone> {
  const root = join(await scratch(), "clone");
  const cwd = dirname(root);
  succeeded(await run("git", ["clone", "--quiet", "--no-hardlinks", REPOSITORY, root], { cwd }));
  if (!process.env.CI) await copyUncommitted(root);
  await rename(root);
  const git = ["-c", "user.name=e2e", "-c", "user.email=e2e@localhost"];
  succeeded(await run("git", ["add", "--all"], { cwd: root }));
  succeeded(await run("git", [...git, "commit", "--quiet", "--no-verify", "-m", "as tested"], { cwd: root }));
  const install = succeeded(await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root }));
  return { root, installSeconds: install.seconds };
}

/** What a commit of the working tree would hold. */
async function copyUncommitted(root: string): Promise<void> {
  const listed = async (...options: string[]) => {
    const { stdout } = succeeded(await run("git", ["ls-files", "-z", ...options], { cwd: REPOSITORY }));
    return stdout.split("\0").filter((file) => file !== "");
  };
  for (const file of await listed("--deleted")) await rm(join(root, file), { force: true });
  for (const file of await listed("--cached", "--others", "--exclude-standard")) {
    // A link of this name is no folder that git would ignore; `npm ci` would follow it and empty what it leads to.
    if (file === "node_modules" || !existsSync(join(REPOSITORY, file))) continue;
    await mkdir(dirname(join(root, file)), { recursive: true });
    await cp(join(REPOSITORY, file), join(root, file), { verbatimSymlinks: true });
  }
}

async function rename(root: string): Promise<void> {
  for (const name of NAMED) {
    const file = join(root, name);
    const text = await readFile(file, "utf8");
    await writeFile(
      file,
      text.replace(/^name: tristack$/m, `name: ${PROJECT}`).replace(/^ {2}tristack:/gm, `  ${PROJECT}:`),
    );
  }
}
