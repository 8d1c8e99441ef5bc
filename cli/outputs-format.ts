/** Outputs as lines for a shell and for a job of GitHub, one variable a value. */
import { createHash } from "node:crypto";
import { quoted } from "./ssh.ts";

export type Outputs = Readonly<Record<string, unknown>>;

/** Objects whose keys are the user's and not the contract's: one variable with JSON, since their names could collide. */
const MAPS = [
  "release.digests",
  "release.settings",
  "repositories",
  "roles",
  "status.lastDeploy.proof.seconds",
];

/** In front of each name, since `PATH` or `TARGET` may mean something to whoever reads them. */
const PREFIX = "TRISTACK_";

/**
 * `TRISTACK_URLS_WEB='https://shop.example.com'`, a line a value: for `eval`, `source` or an env file. Null is empty text;
 * lists, and objects with names of the user's, are JSON.
 */
export function shellLines(outputs: Outputs): string[] {
  return variablesOf(outputs).map(
    ([path, value]) => `${PREFIX}${wordsOf(path).toUpperCase()}=${quoted(value)}`,
  );
}

/** As `shellLines`, in the form of the file that GITHUB_OUTPUT names: `urls_web=…`, and `json` with all of them. */
export function githubLines(outputs: Outputs): string[] {
  return [...variablesOf(outputs), variable("json", JSON.stringify(outputs))].flatMap(([path, value]) => {
    const name = wordsOf(path);
    return /[\r\n]/.test(value) ? block(name, value) : [`${name}=${value}`];
  });
}

type Variable = readonly [path: readonly string[], text: string];

function variable(name: string, text: string): Variable {
  return [[name], text];
}

/** The end is a line that the value cannot hold: it is made of the value's own digest. */
function block(name: string, value: string): string[] {
  const end = `END_${createHash("sha256").update(value).digest("hex")}`;
  return [`${name}<<${end}`, value, end];
}

function variablesOf(value: unknown, path: readonly string[] = []): Variable[] {
  if (value === null) return [[path, ""]];
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || Array.isArray(value) || MAPS.includes(path.join(".")))
    return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, inner]) => variablesOf(inner, [...path, key]));
}

/** `database.secretRef` as `database_secret_ref`. */
function wordsOf(path: readonly string[]): string {
  return path
    .join("_")
    .replace(/[a-z0-9](?=[A-Z])/g, "$&_")
    .replace(/\W/g, "_")
    .toLowerCase();
}
