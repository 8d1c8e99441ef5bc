/** `Pulumi.pr-42.yaml`, made from a template: the settings of an environment, whose stack and backend know all that differs. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute, join, normalize, relative, resolve } from "node:path";
import { type Document, isScalar, parseDocument, visit } from "yaml";
import { badInput } from "../errors.ts";
import { type Project, type StackFile, parseStackFile, readStackFile, stackPath } from "../project.ts";
import { objectOf } from "../stack-settings.ts";
import type { EnvironmentName } from "./names.ts";
import type { EnvironmentRecord } from "./record.ts";

export const TEMPLATE = "Pulumi.preview.yaml";

/** First words of every file that is made here: what has them not is somebody's own. */
const MARK = "# Made by `tristack environment` from";

/** A template as it is read: its path below the checkout, and its text. */
export interface Template {
  readonly path: string;
  readonly text: string;
}

/** @throws CliError with exit code 2 where there is none, or it is outside of the checkout */
export function readTemplate({ root }: Project, given: string): Template {
  const path = relative(root, resolve(root, given));
  const outside = path.startsWith("..") || isAbsolute(path);
  if (outside || !existsSync(join(root, path)))
    throw badInput(`--template: ${given}; needs a file of this checkout, such as ${TEMPLATE}`);
  return { path: normalize(path), text: readFileSync(join(root, path), "utf8") };
}

export type Kept = Pick<EnvironmentRecord, "expiresAt" | "ports">;

/**
 * Settings of one environment. What the template says stays, but for: `environment`, whose time and pull request are its
 * own; `domain`, which gets the name in front; the ports that were chosen for it; and in any text `{name}`, `{domain}`
 * and `{url}`.
 * @throws CliError with exit code 2 for a template that is none
 */
export function environmentSettings(
  project: Project,
  template: Template,
  { name, pullRequest }: Pick<EnvironmentName, "name" | "pullRequest">,
  { expiresAt, ports }: Kept,
): string {
  const document = parseDocument(template.text);
  const [problem] = document.errors;
  if (problem) throw badInput(`${template.path}: ${problem.message}`);
  const { config } = parseStackFile(project, name, template.text);
  refuseOthers(template, config);
  const at = (key: string, ...rest: string[]) => ["config", `${project.name}:${key}`, ...rest];
  const domain = `${name}.${String(config.domain)}`;
  document.setIn(
    at("environment"),
    document.createNode({
      kind: "preview",
      expiresAt,
      ...(pullRequest === undefined ? {} : { pullRequest }),
    }),
  );
  document.setIn(at("domain"), domain);
  if (ports) {
    const [http, https] = ports;
    document.setIn(at("proxy", "httpPort"), http);
    document.setIn(at("proxy", "httpsPort"), https);
  }
  const httpsPort = Number(ports?.[1] ?? objectOf(config.proxy).httpsPort ?? 443);
  const url = httpsPort === 443 ? `https://${domain}` : `https://${domain}:${httpsPort}`;
  fillIn(document, { name, domain, url });
  return `${MARK} ${template.path}; a change is lost.\n${document.toString({ lineWidth: 0 })}`;
}

/** What nobody may bring up under the name of an environment. */
function refuseOthers({ path }: Template, config: Readonly<Record<string, unknown>>): void {
  const { kind } = objectOf(config.environment);
  const problems = [
    ...(kind === "preview" ? [] : [`environment.kind is ${String(kind)}; needs preview`]),
    ...(typeof config.domain === "string"
      ? []
      : ["domain is missing; needs the name that environments get subdomains of"]),
  ];
  if (problems.length > 0) throw badInput(...problems.map((problem) => `${path}: ${problem}`));
}

/** Placeholders in any text of the settings; other words in braces stay. */
function fillIn(document: Document, values: Readonly<Record<string, string>>): void {
  visit(document, {
    Scalar(_, node) {
      if (!isScalar(node) || typeof node.value !== "string" || !node.value.includes("{")) return;
      node.value = node.value.replace(/\{(name|domain|url)\}/g, (_, word: string) => values[word] ?? "");
    },
  });
}

/** Whether a settings file was made here; undefined where there is none. */
export function isMade(file: StackFile | undefined): boolean | undefined {
  return file?.text.startsWith(MARK);
}

/** Secrets of an earlier run in the same checkout, with what decrypts them, in a file that is made anew. */
export function keepingSecrets(project: Project, text: string, before: StackFile | undefined): string {
  if (!before || !isMade(before)) return text;
  const [document, old] = [parseDocument(text), parseDocument(before.text)];
  // A template that encrypts its secrets itself says with what.
  if (["encryptionsalt", "encryptedkey", "secretsprovider"].some((key) => document.has(key))) return text;
  for (const key of ["encryptionsalt", "encryptedkey", "secretsprovider"])
    if (old.has(key)) document.set(key, old.get(key));
  const path = ["config", `${project.name}:secrets`];
  if (old.hasIn(path)) document.setIn(path, old.getIn(path));
  return document.toString({ lineWidth: 0 });
}

/** @throws CliError with exit code 2 where somebody's own file is in the way */
export function refuseOwnFile(project: Project, stack: string): void {
  const own = readStackFile(project, stack);
  if (own && !isMade(own))
    throw badInput(`${own.name} was not made by \`tristack environment\`; needs another name, or it removed`);
}

/** @throws CliError with exit code 2 where somebody's own file is in the way */
export function writeMade(project: Project, stack: string, text: string): StackFile {
  refuseOwnFile(project, stack);
  writeFileSync(stackPath(project, stack), text, { mode: 0o600 });
  return parseStackFile(project, stack, text);
}

/** A file for what has no template any more: Pulumi would make one of its own, which nobody could tell from somebody's. */
export function bareSettings(): string {
  return `${MARK} nothing.\nconfig: {}\n`;
}

/** Removes what was made here. */
export function removeMade(project: Project, stack: string): void {
  if (isMade(readStackFile(project, stack))) rmSync(stackPath(project, stack));
}
