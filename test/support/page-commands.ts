/** Commands that a page shows, and whether the real command tree has them. */
import type { Command, Option } from "commander";
import type { Page } from "./page.ts";

export interface Shown {
  readonly words: readonly string[];
  readonly line: number;
  /** From a block of code, where a command has to be whole; otherwise from a sentence. */
  readonly whole: boolean;
}

/** Languages of blocks that hold no commands. */
const NO_SHELL = ["yaml", "json", "mermaid", "dockerfile", "ts"];

/** What begins with one of these words, behind `npx` or an assignment too. */
export function commandsIn(page: Page, first: string): Shown[] {
  const inBlocks = page.blocks
    .filter(({ words: [language = ""] }) => !NO_SHELL.includes(language))
    .flatMap(({ text, line }) =>
      text
        .replaceAll("\\\n", "  ")
        .split("\n")
        .flatMap((one, index) =>
          simpleCommands(one).map((words) => ({ words, line: line + index, whole: true })),
        ),
    );
  const inText = [...page.lines].flatMap(([line, text]) =>
    [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = ""]) =>
      simpleCommands(code).map((words) => ({ words, line, whole: false })),
    ),
  );
  return [...inBlocks, ...inText].flatMap(({ words, ...rest }) => {
    const from = words.findIndex((word) => !/^(npx|exec|\w+=.*)$/.test(word));
    return words[from] === first ? [{ ...rest, words: words.slice(from + 1) }] : [];
  });
}

/** The simple commands of a line, as words. Two blanks and more come before what a table of commands says about them. */
function simpleCommands(line: string): string[][] {
  const [code = ""] = line
    .trim()
    .replace(/^\$ /, "")
    .split(/\s+#|\s{2,}/);
  return code
    .split(/&&|\|\||\s\|\s|;|\$\(|\)"?|(?<![-<])[<>]+(?=\s)/)
    .map((part) =>
      (part.trim().match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? []).map((word) => word.replace(/["']/g, "")),
    )
    .filter((words) => words.length > 0);
}

/** What is wrong with a command line; undefined where nothing is. */
export function problemWith(program: Command, { words, whole }: Omit<Shown, "line">): string | undefined {
  if (program.commands.length === 0) return problemOf(program, words, whole);
  const [name = "", ...rest] = words;
  // A sentence may speak of several: `tristack deploy|rollback`.
  const commands = name.split("|").map((one) => program.commands.find((command) => command.name() === one));
  if (name.startsWith("-") || (name === "" && !whole)) return undefined;
  const missing = commands.findIndex((command) => command === undefined);
  if (missing >= 0) return `there is no command ${name.split("|")[missing] ?? ""}`;
  return commands
    .map((command) => command && problemWith(command, { words: rest, whole }))
    .find((one) => one !== undefined);
}

function problemOf(command: Command, words: readonly string[], whole: boolean): string | undefined {
  const given: Option[] = [];
  const values: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (!/^-/.test(word) || word === "-") {
      values.push(word);
      continue;
    }
    const [flag = "", value] = word.split("=", 2);
    const option = command.options.find(({ long, short }) => long === flag || short === flag);
    if (flag === "--help") return undefined;
    if (!option) return `${command.name()} has no option ${flag}`;
    given.push(option);
    if (option.required && value === undefined) {
      index += 1;
      if (whole && words[index] === undefined) return `${flag} needs a value`;
    }
  }
  return whole ? incomplete(command, given, values) : undefined;
}

function incomplete(
  command: Command,
  given: readonly Option[],
  values: readonly string[],
): string | undefined {
  const absent = command.options.find((option) => option.mandatory && !given.includes(option));
  if (absent) return `${command.name()} needs ${absent.flags}`;
  const wanted = command.registeredArguments;
  const needed = wanted.filter(({ required }) => required).length;
  if (values.length < needed) return `${command.name()} needs ${wanted.map((one) => one.name()).join(", ")}`;
  if (values.length > wanted.length && !wanted.at(-1)?.variadic)
    return `${command.name()} takes no ${values.at(-1) ?? ""}`;
  const odd = wanted.findIndex(
    ({ argChoices }, index) => argChoices && !argChoices.includes(values[index] ?? ""),
  );
  return odd < 0 ? undefined : `${command.name()} does not know ${values[odd] ?? ""}`;
}
