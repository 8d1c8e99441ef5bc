/**
 * `npm run test:e2e -- <tier>`: the tests on real engines. Exit code: that of the tests; 2 for a tier that does not exist.
 * A test that cannot run here says so by name and reason and is counted by itself, never as passed.
 */
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import Mocha from "mocha";
import { removeScratch } from "../support/e2e-clone.ts";

/** Tiers that exist, and what each needs. */
const TIERS = {
  workflows: "Go and PyPI for what judges the workflows; no Docker",
  docker: "a Docker Engine, or root on Debian; builds what it lacks",
  kubernetes: "root on Debian; builds a cluster of real pods and what it lacks (half an hour, once)",
  aws: "what docker does, the AWS plugin (npm run toolchain -- --target host: half an hour, once), and PyPI and Go for its emulators",
  full: "all of that, root, and a machine that nobody else uses: it restarts Docker and fills the disk; hours",
} as const;

/** Folders of tests by tier: the full one is everything. */
const FOLDERS: Record<string, readonly string[]> = {
  workflows: ["workflows"],
  docker: ["docker"],
  kubernetes: ["kubernetes"],
  aws: ["aws"],
  full: ["workflows", "docker", "kubernetes", "aws", "full"],
};

interface Options {
  grep?: string;
  bail?: boolean;
}

/** A test takes minutes where images and plugins are built first. */
const TIMEOUT_MINUTES = 90;

const program = new Command("test:e2e")
  .description("run the tests of one tier on real engines")
  .argument("<tier>", `one of: ${Object.keys(TIERS).join(", ")}`, (tier: string) => {
    if (tier in TIERS) return tier;
    throw new InvalidArgumentError(`needs one of: ${Object.keys(TIERS).join(", ")}`);
  })
  .argument(
    "[files...]",
    "files of the tier without .test.ts, such as start, preview or aws/base (default: all)",
  )
  .option("--grep <text>", "only tests whose title has this")
  .option("--bail", "stop at the first failure")
  .addHelpText(
    "after",
    `\nTiers:\n${Object.entries(TIERS)
      .map(([name, needs]) => `  ${name}  needs ${needs}`)
      .join("\n")}

Environment:
  TRISTACK_SEED  repeats the moments of the interrupted updates (printed by each run)
  CI             tests the last commit alone; otherwise changes that are not committed are tested as well

Examples:
  npm run test:e2e -- docker
  npm run test:e2e -- docker interrupted --grep "kill -9"
  npm run test:e2e -- full load
`,
  )
  .showHelpAfterError("(run with --help for what is possible)")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(runTier);

async function runTier(tier: string, names: string[], options: Options): Promise<void> {
  const mocha = new Mocha({
    reporter: "spec",
    timeout: TIMEOUT_MINUTES * 60_000,
    slow: 60_000,
    bail: options.bail ?? false,
    grep: options.grep,
    forbidOnly: true,
    // The stack's names are the same in every test: one at a time.
    parallel: false,
  });
  if (tier === "full") process.env.TRISTACK_E2E_FULL = "1";
  for (const file of testFiles(tier, names)) mocha.addFile(file);
  const release = takeTurn();
  await mocha.loadFilesAsync();
  const unable: string[] = [];
  let passed = 0;
  const began = Date.now();
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on("pending", (test) => unable.push(test.fullTitle()));
    runner.on("pass", () => (passed += 1));
    // A file is one suite: what each costs decides where it belongs.
    let since = Date.now();
    runner.on("suite", ({ parent }) => {
      if (parent?.root) since = Date.now();
    });
    runner.on("suite end", ({ parent, title }) => {
      if (parent?.root) console.log(`    [${title}: ${Math.round((Date.now() - since) / 1000)} s]`);
    });
    // At once as well as at the end: the tier takes minutes.
    runner.on("fail", (_test, error: Error) => console.log(beginning(error.message)));
  });
  await removeScratch();
  release();
  console.log(`${tier} tier: ${Math.round((Date.now() - began) / 1000)} s`);
  if (unable.length > 0)
    console.log(`Not run, and not counted as passed:\n${unable.map((title) => `  ${title}`).join("\n")}`);
  // Imported here: whether this is the full tier is known only now.
  const { leftToFull } = await import("../support/e2e-tier.ts");
  if (leftToFull.length > 0)
    console.log(`Left to npm run test:full:\n${leftToFull.map((title) => `  ${title}`).join("\n")}`);
  if (passed + failures === 0) console.error("error: no test ran");
  process.exit(failures === 0 && passed > 0 ? 0 : 1);
}

const SHOWN_LINES = 15;

function beginning(message: string): string {
  const lines = message.split("\n");
  const more = lines.length > SHOWN_LINES ? [`… ${lines.length - SHOWN_LINES} lines more at the end`] : [];
  return [...lines.slice(0, SHOWN_LINES), ...more].map((line) => `        ${line}`).join("\n");
}

/** Those that were asked for; `start` comes first, since on a fresh machine it is what builds everything. */
function testFiles(tier: string, wanted: readonly string[]): string[] {
  const names = (FOLDERS[tier] ?? []).flatMap((folder) =>
    globSync("*.test.ts", { cwd: join(import.meta.dirname, folder) }).map(
      (file) => `${folder}/${basename(file, ".test.ts")}`,
    ),
  );
  // Several targets have a file of the same name: with its folder it is that one, without it all of them.
  const isNamed = (name: string, word: string) => name === word || basename(name) === word;
  const unknown = wanted.filter((word) => !names.some((name) => isNamed(name, word)));
  if (unknown.length > 0) {
    console.error(
      `error: no such file of the tier ${tier}: ${unknown.join(", ")}; needs one of: ${names.sort().join(", ")}`,
    );
    process.exit(2);
  }
  const rank = (name: string) => Number(name !== "docker/start");
  return names
    .filter((name) => wanted.length === 0 || wanted.some((word) => isNamed(name, word)))
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .map((name) => join(import.meta.dirname, `${name}.test.ts`));
}

/** Two runs on one machine would remove each other's containers: the second is refused. */
function takeTurn(): () => void {
  const file = join(tmpdir(), "tristack-e2e.pid");
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (pid > 0 && isAlive(pid)) {
    console.error(`error: another run of the tests is under way (pid ${pid}); wait until it has ended`);
    process.exit(1);
  }
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

// Last: what stands below an `await` does not exist yet while it waits.
await program.parseAsync();
