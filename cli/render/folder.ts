/** The folder that is written: only files that this command has written before are overwritten or removed. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { badInput } from "../errors.ts";
import type { Files } from "./kustomize.ts";
import { HEADER } from "./yaml.ts";

export interface Changes {
  /** Files that are not there, or have another content. */
  readonly written: string[];
  /** Files that are nobody's any more. */
  readonly removed: string[];
}

/**
 * What would have to change for the folder to hold exactly these files.
 * @throws CliError, exit code 2, where it holds anything that is not this command's.
 */
export function changesOf(folder: string, files: Files): Changes {
  const there = filesIn(folder);
  const foreign = [...there].filter(([, text]) => !text.startsWith(HEADER)).map(([path]) => path);
  if (foreign.length > 0)
    throw badInput(
      `--output: ${folder} holds files that are not of \`tristack render\` (${foreign.sort().slice(0, 5).join(", ")}); ` +
        "needs a folder of its own",
    );
  return {
    written: [...files].flatMap(([path, text]) => (there.get(path) === text ? [] : [path])).sort(),
    removed: [...there.keys()].filter((path) => !files.has(path)).sort(),
  };
}

export function apply(folder: string, files: Files, { written, removed }: Changes): void {
  for (const path of written) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), files.get(path) ?? "");
  }
  for (const path of removed) {
    rmSync(join(folder, path));
    for (let above = dirname(path); above !== "." && isEmpty(join(folder, above)); above = dirname(above))
      rmdirSync(join(folder, above));
  }
}

function isEmpty(folder: string): boolean {
  return readdirSync(folder).length === 0;
}

/** Everything but folders, with its text; what is no file has none. */
function filesIn(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  if (!statSync(folder).isDirectory()) throw badInput(`--output: ${folder} is a file; needs a folder`);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [relative(folder, path), entry.isFile() ? readFileSync(path, "utf8") : ""];
      }),
  );
}
