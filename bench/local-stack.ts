/** A stack with the settings of the local one, beside it: own state, own containers, own ports, new secrets. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { Docker } from "../cli/docker.ts";
import { badInput } from "../cli/errors.ts";
import type { Say } from "../cli/progress.ts";
import { type Project, readProject, readStackFile, stackPath } from "../cli/project.ts";
import { checkSite } from "../cli/site.ts";
import { missingSecrets, objectOf } from "../cli/stack-settings.ts";
import { sweepAll } from "../cli/sweep.ts";
import type { Owner } from "../components/shared/labels.ts";
import { freePort } from "../test/support/free-port.ts";
import { ROOT, ThrowAwayPulumi } from "./engine.ts";
import type { Command } from "./measure.ts";

/** Git ignores settings files of this form, so that not even a bench that is killed leaves the checkout dirty. */
const STACK = "pr-bench";

export class LocalStack {
  readonly docker = new Docker();
  readonly owner: Owner;
  readonly pulumi = new ThrowAwayPulumi();
  readonly #project: Project;
  readonly #file: string;
  /** Published port of the application; no two subjects run at a time, so that all may have it. */
  #httpsPort = 0;

  private constructor(project: Project) {
    this.owner = { project: project.name, stack: STACK };
    this.#project = project;
    this.#file = stackPath(project, STACK);
  }

  /** Makes the stack and its settings; nothing runs yet. */
  static async create(): Promise<LocalStack> {
    const project = readProject();
    const settings = localSettings(project);
    const stack = new LocalStack(project);
    try {
      await stack.#prepare(settings);
      return stack;
    } catch (error) {
      await stack.remove();
      throw error;
    }
  }

  async #prepare({ secrets, ...settings }: Readonly<Record<string, unknown>>): Promise<void> {
    // What a bench that was killed has left.
    await this.#sweep();
    rmSync(this.#file, { force: true });
    await this.#pulumi("stack", "init", "--no-select");
    const [httpPort, httpsPort] = [await freePort(), await freePort()];
    this.#httpsPort = httpsPort;
    this.#write({ ...settings, proxy: { ...objectOf(settings.proxy), httpPort, httpsPort } });
    await this.#makeUpSecrets(Object.keys(objectOf(secrets)));
  }

  /** `pulumi <args>` on this stack, to be measured. */
  command(...args: string[]): Command {
    return this.pulumi.command(ROOT, [...args, "--stack", STACK]);
  }

  async destroy(): Promise<void> {
    await this.#pulumi("destroy", "--yes", "--skip-preview");
  }

  /** Asks the application for a page and for its health. Fails unless both answer. */
  async checkSite(say: Say): Promise<void> {
    const base = `https://localhost:${this.#httpsPort}`;
    await checkSite([`${base}/`, `${base}/health`], true, say);
  }

  /** Leaves nothing behind, whatever has happened. */
  async remove(): Promise<void> {
    try {
      await this.#sweep();
    } finally {
      rmSync(this.#file, { force: true });
      this.pulumi.remove();
    }
  }

  async #sweep(): Promise<void> {
    await sweepAll(this.docker, this.owner, () => undefined);
  }

  async #pulumi(...args: string[]): Promise<void> {
    await this.pulumi.run(ROOT, [...args, "--stack", STACK]);
  }

  /** @param names those that the local stack has; the services may ask for more */
  async #makeUpSecrets(names: readonly string[]): Promise<void> {
    const file = readStackFile(this.#project, STACK);
    for (const name of new Set([...names, ...(file ? missingSecrets(file) : [])])) {
      const key = `${this.#project.name}:secrets.${name}`;
      const args = ["config", "set", "--secret", "--path", key, "--stack", STACK];
      await this.pulumi.run(ROOT, args, randomBytes(24).toString("hex"));
    }
  }

  /** Adds settings to the file, in which `stack init` has left its salt. */
  #write(settings: Readonly<Record<string, unknown>>): void {
    const entries = Object.entries(settings).map(
      ([key, value]) => [`${this.#project.name}:${key}`, value] as const,
    );
    const content = existsSync(this.#file) ? (parse(readFileSync(this.#file, "utf8")) as object | null) : {};
    writeFileSync(this.#file, stringify({ ...content, config: Object.fromEntries(entries) }));
  }
}

/** Settings of the local stack, which `npm start` has made. */
function localSettings(project: Project): Readonly<Record<string, unknown>> {
  const settings = readStackFile(project, "local")?.config;
  if (settings?.release === undefined) {
    throw badInput("Pulumi.local.yaml has no release; needs `npm start` first, which builds the images");
  }
  if (objectOf(settings.host).docker !== undefined) {
    throw badInput("host.docker is set in Pulumi.local.yaml; needs this machine's own engine");
  }
  return settings;
}
