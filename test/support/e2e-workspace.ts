/** A clone with its own state and ports, and the commands that a person types in it. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Document, parseDocument } from "yaml";
import { PROJECT, newClone, scratch } from "./e2e-clone.ts";
import { type Ran, type RunOptions, run, succeeded } from "./e2e-command.ts";
import { inspectDocker } from "../../toolchain/docker.ts";
import { sweep } from "./e2e-engine.ts";
import { freePort } from "./free-port.ts";
import { type Answer, type Question, ask } from "./e2e-http.ts";
import { printVersions } from "./e2e-versions.ts";

export interface Ports {
  readonly http: number;
  readonly https: number;
}

export class Workspace {
  readonly root: string;
  readonly ports: Ports;
  /** Everything that any command has said here. */
  readonly said: string[] = [];
  /** Variables of every command run here. */
  readonly env: Record<string, string> = {};
  /** The exports that `start` prints for plain Pulumi. */
  exports: Record<string, string> = {};

  readonly #inDocker: boolean;

  private constructor(root: string, ports: Ports, inDocker: boolean) {
    this.root = root;
    this.ports = ports;
    this.#inDocker = inDocker;
  }

  /**
   * A new clone. What an earlier run left of the tests' project in Docker, having been killed, is removed first.
   * @param inDocker whether anything of it will be in Docker
   */
  static async create(name: string, { inDocker = true } = {}): Promise<Workspace> {
    // Where no engine answers there is nothing yet: what the test starts gets one.
    if (inDocker && (await inspectDocker()).origin === "found") await sweep();
    return Workspace.beside(name, { inDocker });
  }

  /** One more clone, beside those whose stacks are up. */
  static async beside(name: string, { inDocker = true } = {}): Promise<Workspace> {
    const { root } = await newClone(name);
    const [http, https] = [await freePort(), await freePort()];
    const workspace = new Workspace(root, { http, https }, inDocker);
    // Nobody's login: a newcomer has none.
    workspace.env.PULUMI_CREDENTIALS_PATH = join(await scratch(), "no-login");
    return workspace;
  }

  async run(command: string, args: readonly string[], options: Partial<RunOptions> = {}): Promise<Ran> {
    const ran = await run(command, args, {
      cwd: this.root,
      ...options,
      env: { ...this.env, ...options.env },
    });
    this.said.push(`$ ${ran.command}\n${ran.all}`);
    return ran;
  }

  /** The `tristack` command of this clone. */
  tristack(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Ran> {
    return this.run(join(this.root, "node_modules", ".bin", "tristack"), args, options);
  }

  /** Plain Pulumi, as a person runs it after having pasted the exports. */
  pulumi(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Ran> {
    const env = { ...this.exports, PULUMI_SKIP_UPDATE_CHECK: "1", ...options.env };
    return this.run("npx", ["pulumi", ...args, "--non-interactive"], { ...options, env });
  }

  /** `tristack start` on this clone's ports; whatever its end is. */
  async start(args: readonly string[] = [], options: Partial<RunOptions> = {}): Promise<Ran> {
    const ports = [`--http-port=${this.ports.http}`, `--https-port=${this.ports.https}`];
    const ran = await this.tristack(["start", ...ports, ...args], { timeoutSeconds: 3600, ...options });
    if (ran.exitCode === 0) await this.#started(ran);
    return ran;
  }

  /** `npm start`, as the README says it. */
  async npmStart(): Promise<Ran> {
    const ports = [`--http-port=${this.ports.http}`, `--https-port=${this.ports.https}`];
    const ran = await this.run("npm", ["start", "--", ...ports], { timeoutSeconds: 5400 });
    if (ran.exitCode === 0) await this.#started(ran);
    return ran;
  }

  async #started(ran: Ran): Promise<void> {
    const found = [...ran.all.matchAll(/export (\w+)='([^']*)'/g)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]);
    this.exports = Object.fromEntries(found) as Record<string, string>;
    await printVersions(this);
  }

  /** Settings of the local stack, changed in place; the template is their base where there are none yet. */
  async change(edit: (settings: Settings) => void): Promise<void> {
    const file = join(this.root, "Pulumi.local.yaml");
    const text = await readFile(existsSync(file) ? file : `${file}.template`, "utf8");
    const document = parseDocument(text);
    edit(new Settings(document));
    await writeFile(file, document.toString({ lineWidth: 0 }));
  }

  /** Settings as the next start would make them from the template. */
  async resetSettings(): Promise<void> {
    await rm(join(this.root, "Pulumi.local.yaml"), { force: true });
    await this.change(() => undefined);
  }

  /** A folder beside the clone, made if need be. */
  async folder(name: string): Promise<string> {
    const path = join(`${this.root}.d`, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** A stack of another project, in the same backend, whose outputs are secret. Returns its full name. */
  async stackThatExports(project: string, outputs: Record<string, string>): Promise<string> {
    const folder = join(this.root, project); // in the clone, since its SDK is there
    await mkdir(folder);
    await writeFile(join(folder, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\nmain: main.mjs\n`);
    const exported = Object.entries(outputs).map(
      ([name, value]) => `export const ${name} = secret(${JSON.stringify(value)});\n`,
    );
    await writeFile(
      join(folder, "main.mjs"),
      `import { secret } from "@pulumi/pulumi";\n${exported.join("")}`,
    );
    for (const args of [
      ["stack", "init", "shared"],
      ["up", "--stack", "shared", "--yes", "--skip-preview"],
    ])
      succeeded(await this.pulumi([...args, "--cwd", folder]));
    await rm(folder, { recursive: true });
    return `organization/${project}/shared`;
  }

  get origin(): string {
    return `https://localhost:${this.ports.https}`;
  }

  /** One request to the site. */
  ask(path: string, question?: Question): Promise<Answer> {
    return ask(this.origin + path, question);
  }

  /** Removes the stack and this clone, whatever state they are in. */
  async dispose(): Promise<void> {
    if (this.#inDocker) await sweep();
    for (const folder of [this.root, `${this.root}.d`]) await rm(folder, { recursive: true, force: true });
  }
}

/** A stack file being edited. */
export class Settings {
  readonly document: Document;

  constructor(document: Document) {
    this.document = document;
  }

  /** @param path such as `["services", "api", "environment", "FAULT"]`; undefined removes */
  set(path: readonly (string | number)[], value: unknown): void {
    const [key, ...rest] = path;
    const full = ["config", `${PROJECT}:${String(key)}`, ...rest];
    if (value !== undefined) this.document.setIn(full, this.document.createNode(value));
    // Removing below what is not there is an error to the library, and none to a test.
    else if (this.document.hasIn(full)) this.document.deleteIn(full);
  }
}

/** A clone whose stack is up. */
export async function started(
  name: string,
  prepare?: (workspace: Workspace) => Promise<void>,
): Promise<Workspace> {
  const workspace = await Workspace.create(name);
  try {
    await prepare?.(workspace);
    succeeded(await workspace.start());
    return workspace;
  } catch (error) {
    await workspace.dispose(); // the caller never gets it, and what is left would fail the files that follow
    throw error;
  }
}
