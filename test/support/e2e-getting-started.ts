/** docs/getting-started.md as a script: its blocks one after the other in one shell's environment, with other values in the first. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Document, parseDocument } from "yaml";
import { PROJECT } from "./e2e-clone.ts";
import { type Ran, succeeded } from "./e2e-command.ts";
import { type Block, readPage } from "./page.ts";
import { Workspace } from "./e2e-workspace.ts";

export type Way = "vps" | "kubernetes";

/** The blocks of a way, in their order. */
export function blocksOf(way: Way): Block[] {
  return readPage("docs/getting-started.md").blocks.filter(
    ({ words: [language, ...ways] }) => language === "sh" && ways.includes(way),
  );
}

/** The first block with values of the test's own. @throws where one of them is not on the page, or one of the page's is not among them */
export function withValues(script: string, values: Readonly<Record<string, string>>): string {
  const names = [...script.matchAll(/^export (\w+)=\S+/gm)].map(([, name]) => name);
  if (names.toSorted().join() !== Object.keys(values).sort().join())
    throw new Error(`the page asks for ${names.join(", ")}; the test has ${Object.keys(values).join(", ")}`);
  return script.replace(
    /^export (\w+)=\S+/gm,
    (_all, name: string) => `export ${name}='${values[name] ?? ""}'`,
  );
}

export class Newcomer {
  readonly place: Workspace;
  /** Titles of the steps that were done, and what they said. */
  readonly said: string[] = [];
  readonly #blocks: Block[];
  readonly #folder: string;

  private constructor(place: Workspace, blocks: Block[], folder: string) {
    this.place = place;
    this.#blocks = blocks;
    this.#folder = folder;
  }

  /** Whose repository is this checkout as it is now, under its own name. */
  static async create(way: Way): Promise<Newcomer> {
    const place = await Workspace.create(`getting-started-${way}`);
    const git = ["-c", "user.name=e2e", "-c", "user.email=e2e@localhost"];
    const script = `grep -rlI --exclude-dir node_modules --exclude-dir .git --exclude-dir test ${PROJECT} . | xargs -r sed -i 's/${PROJECT}/tristack/'
      git ${git.join(" ")} commit --quiet --no-verify --all --message 'under its own name'`;
    succeeded(await place.run("sh", ["-c", script]));
    Object.assign(place.env, gitAuthor());
    return new Newcomer(place, blocksOf(way), await place.folder("newcomer"));
  }

  /** The checkout that the page makes. */
  get root(): string {
    return join(this.#folder, "shop");
  }

  /** What is exported, and where the last step ended. */
  get #environment(): string {
    return join(this.#folder, "environment");
  }

  /** Runs the next block, whose heading has to begin with this. @param change of its text */
  async step(heading: string, change = (text: string) => text): Promise<Ran> {
    const block = this.#blocks.shift();
    if (!block?.heading.includes(heading))
      throw new Error(`the page's next step is "${block?.heading ?? "none"}", and not "${heading}"`);
    const state = this.#environment;
    const script = [
      "set -euo pipefail",
      `cd '${this.#folder}'; [ ! -e '${state}' ] || { . '${state}'; cd "$PWD_NOW"; }`,
      change(block.text),
      `PWD_NOW=$PWD; export PWD_NOW; export -p > '${state}'`,
    ];
    const ran = await this.place.run("bash", ["-c", script.join("\n")], { timeoutSeconds: 3000 });
    this.said.push(`${block.heading}\n${ran.all}`);
    console.log(`      ${block.heading}: ${ran.seconds.toFixed(1)} s`);
    return succeeded(ran);
  }

  /** Steps of the page that were not done. */
  get left(): string[] {
    return this.#blocks.map(({ heading }) => heading);
  }

  /** What stands in for the world beyond this machine, in a file that the page has made by now. */
  async settle(values: Readonly<Record<string, unknown>>): Promise<void> {
    const file = join(this.root, "Pulumi.production.yaml");
    const document: Document = parseDocument(await readFile(file, "utf8"));
    for (const [path, value] of Object.entries(values)) {
      const [key = "", ...rest] = path.split(".");
      document.setIn(["config", `tristack:${key}`, ...rest], document.createNode(value));
    }
    await writeFile(file, document.toString({ lineWidth: 0 }));
  }

  /** What curl takes from its own configuration: where a name leads to, and whom to believe. */
  async curl(...lines: string[]): Promise<void> {
    await writeFile(join(this.#folder, ".curlrc"), lines.map((line) => `${line}\n`).join(""));
    this.place.env.CURL_HOME = this.#folder;
  }

  /** A command in the checkout, in the environment that the page has made. */
  tristack(...args: string[]): Promise<Ran> {
    return this.#there('exec npx tristack "$@"', args);
  }

  /** A script, likewise. */
  sh(script: string): Promise<Ran> {
    return this.#there(`set -euo pipefail\n${script}`, []);
  }

  async #there(script: string, args: readonly string[]): Promise<Ran> {
    const whole = `. '${this.#environment}'; cd "$PWD_NOW"\n${script}`;
    return succeeded(await this.place.run("bash", ["-c", whole, "bash", ...args], { timeoutSeconds: 900 }));
  }
}

function gitAuthor(): Record<string, string> {
  const [name, email] = ["e2e", "e2e@localhost"];
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}
