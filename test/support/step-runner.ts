/**
 * Runs a workflow's `run:` step as GitHub's runner does: its script by the bash that its workflow names, with the variables
 * of job and step, and the files that outputs and the summary are written to. Expressions get contexts of the test's.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { quoted } from "../../cli/ssh.ts";
import { type Contexts, filled } from "./expressions.ts";
import { ROOT, steps } from "./workflows.ts";

/** What a stand-in of a command says, by the words that its call begins with; the longest counts. */
export type Answers = Readonly<Record<string, { readonly says?: string; readonly exitCode?: number }>>;

export interface StepOptions {
  readonly contexts?: Contexts;
  /** Commands that are replaced by something that notes its words and says what `answers` has. @default npm, npx, docker */
  readonly standIns?: readonly string[];
  readonly answers?: Answers;
  /** Whether `npx tristack` is this checkout's own, from wherever. */
  readonly ownCommand?: boolean;
  /** Files that are there, by path below the workspace, or below the home folder with `~/` before it. */
  readonly files?: Readonly<Record<string, string>>;
  /** Variables in place of those of job and step. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Variables that a runner has besides. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs. @default an empty folder */
  readonly workspace?: string;
  readonly timeoutSeconds?: number;
}

export interface StepRan {
  readonly exitCode: number | undefined;
  readonly all: string;
  /** What it wrote to GITHUB_OUTPUT. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Words of each call of a stand-in, its name first. */
  readonly calls: readonly (readonly string[])[];
  readonly workspace: string;
  readonly home: string;
  /** Text of a file of the workspace. */
  file(path: string): string | undefined;
}

export const keysOfScripts = steps.filter(({ step }) => step.run !== undefined).map(({ key }) => key);

const folders: string[] = [];

/** Removes what the steps have left. */
export function removeSteps(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** @param key such as `deploy/staging/Deploy` */
export async function runStep(key: string, options: StepOptions = {}): Promise<StepRan> {
  const placed = steps.find((one) => one.key === key);
  if (placed?.step.run === undefined) throw new Error(`There is no step ${key} with a script`);
  const { step, env: ofJob } = placed;
  const folder = mkdtempSync(join(tmpdir(), "tristack-step-"));
  folders.push(folder);
  const within = (name: string) => join(folder, name);
  for (const name of ["home", "temp", "bin", "workspace"]) mkdirSync(within(name));
  for (const name of ["output", "summary", "calls"]) writeFileSync(within(name), "");
  const workspace = options.workspace ?? within("workspace");
  for (const [path, text] of Object.entries(options.files ?? {})) {
    const file = path.startsWith("~/") ? join(within("home"), path.slice(2)) : join(workspace, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  for (const name of options.standIns ?? ["npm", "npx", "docker"]) {
    writeFileSync(join(within("bin"), name), standIn(name, within("calls"), options.answers ?? {}));
    chmodSync(join(within("bin"), name), 0o755);
  }
  if (options.ownCommand) {
    const own = `#!/bin/bash\nshift\nexec ${quoted(process.execPath)} ${quoted(join(ROOT, "cli", "tristack.js"))} "$@"\n`;
    writeFileSync(join(within("bin"), "npx"), own);
    chmodSync(join(within("bin"), "npx"), 0o755);
  }
  writeFileSync(within("script.sh"), step.run ?? "");
  const variables = Object.entries({ ...ofJob, ...step.env }).map(
    ([name, value]) => [name, filled(String(value), options.contexts ?? {})] as const,
  );
  const bash = ["--noprofile", "--norc", "-eo", "pipefail", within("script.sh")];
  const ran = await execa("bash", bash, {
    cwd: join(workspace, step["working-directory"] ?? "."),
    env: {
      HOME: within("home"),
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_OUTPUT: within("output"),
      GITHUB_STEP_SUMMARY: within("summary"),
      GITHUB_WORKSPACE: workspace,
      RUNNER_TEMP: within("temp"),
      ...options.env,
      ...Object.fromEntries(variables),
      ...options.variables,
      PATH: [within("bin"), process.env.PATH ?? ""].join(delimiter),
    },
    extendEnv: false,
    stdin: "ignore",
    all: true,
    reject: false,
    timeout: (options.timeoutSeconds ?? 60) * 1000,
  });
  const text = (file: string) => readFileSync(file, "utf8");
  const lines = (name: string) => text(within(name)).split("\n").filter(Boolean);
  return {
    exitCode: ran.exitCode,
    all: ran.all,
    outputs: Object.fromEntries(lines("output").map(pair)),
    summary: text(within("summary")),
    calls: text(within("calls"))
      .split("\x1e")
      .filter(Boolean)
      .map((call) => call.split("\x1f").slice(0, -1)),
    workspace,
    home: within("home"),
    file: (path) => (existsSync(join(workspace, path)) ? text(join(workspace, path)) : undefined),
  };
}

/** Of a line `name=value`. */
function pair(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** The program of a stand-in: its words end with one control character each, and its calls with another. */
function standIn(name: string, notes: string, answers: Answers): string {
  const cases = Object.entries(answers)
    .filter(([begin]) => begin.split(" ")[0] === name)
    .sort(([a], [b]) => b.length - a.length)
    .map(
      ([begin, { says = "", exitCode = 0 }]) =>
        `  ${quoted(begin)}*) printf %s ${quoted(says)}; exit ${exitCode} ;;\n`,
    );
  return `#!/bin/bash
{ printf '%s\\037' ${name} "$@"; printf '\\036'; } >> ${quoted(notes)}
case "${name} $*" in
${cases.join("")}  *) ;;
esac
`;
}
