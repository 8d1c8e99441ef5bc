/** Pulumi as the benches run it: the project's CLI and Node, a throw-away file backend, nothing asked of the network. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { badInput, failed } from "../cli/errors.ts";
import { CLI, toolPath } from "../toolchain/pins.ts";
import type { Command } from "./measure.ts";

/** The checkout. */
export const ROOT = dirname(import.meta.dirname);
const NODE_BIN = join(ROOT, "node_modules", ".bin");

/** Pulumi with a backend of its own in a temporary folder. */
export class ThrowAwayPulumi {
  /** Temporary folder; the state lies in it, the rest is the caller's. */
  readonly folder: string;
  readonly cli = toolPath(CLI);
  readonly env: Readonly<Record<string, string>>;

  constructor() {
    if (!existsSync(this.cli)) throw badInput(`${this.cli} is missing; needs \`npm run toolchain\` first`);
    this.folder = mkdtempSync(join(tmpdir(), "tristack-bench-"));
    const state = join(this.folder, "state");
    mkdirSync(state);
    this.env = {
      PATH: [dirname(this.cli), NODE_BIN, process.env.PATH ?? ""].join(delimiter),
      // Without sidecar files, whose writing is not atomic: a program that reads its own last outputs may meet half of one.
      PULUMI_BACKEND_URL: `${pathToFileURL(state).href}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString("hex"),
      PULUMI_SKIP_UPDATE_CHECK: "1",
      // A project names its plugins; those that are not installed would be looked for on the network in every run.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
  }

  /** A command to be measured; `args` are those of `pulumi`. */
  command(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
    const plain = ["--non-interactive", "--color", "never"];
    return { file: this.cli, args: [...args, ...plain], cwd, env: { ...this.env, ...env } };
  }

  /** Runs `pulumi` outside of any measurement. `input` reaches it by stdin: the way for secrets. */
  async run(cwd: string, args: readonly string[], input = ""): Promise<void> {
    const { file, args: all, env } = this.command(cwd, args);
    const result = await execa(file, all, { cwd, env, input, all: true, reject: false });
    if (result.failed)
      throw failed(`pulumi ${args.slice(0, 2).join(" ")}: ${result.all.trim() || result.shortMessage}`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
