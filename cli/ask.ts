/** Questions on a terminal. Without one nothing is asked: the caller says which option would have answered. */
import { createInterface } from "node:readline/promises";
import { type Readable, Writable } from "node:stream";
import { badInput } from "./errors.ts";

/** Whether somebody is there to answer. */
export function canAsk(): boolean {
  return Boolean(process.stdin.isTTY && process.stderr.isTTY);
}

/** Where questions are asked; tests use another place. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

const OWN: Terminal = { input: process.stdin, output: process.stderr };

/** One line; `otherwise` when it is empty. */
export async function ask(question: string, otherwise = "", terminal = OWN): Promise<string> {
  const shown = otherwise === "" ? `${question}: ` : `${question} [${otherwise}]: `;
  const answer = await readLine(shown, terminal);
  return answer.trim() || otherwise;
}

/** One line that is not shown. */
export async function askSecret(question: string, { input, output } = OWN): Promise<string> {
  output.write(`${question}: `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await readLine("", { input, output: nowhere });
  output.write("\n");
  return answer;
}

async function readLine(prompt: string, { input, output }: Terminal): Promise<string> {
  const terminal = createInterface({ input, output, terminal: true });
  let stop = () => undefined as void;
  try {
    // Ctrl-C and Ctrl-D answer nothing: the command ends.
    const cancelled = new Promise<never>((_, reject) => {
      stop = () => reject(badInput("cancelled"));
      terminal.once("SIGINT", stop);
      terminal.once("close", stop);
    });
    return await Promise.race([terminal.question(prompt), cancelled]);
  } finally {
    // Only this one: the terminal's own listener ends its echo.
    terminal.off("close", stop);
    terminal.close();
  }
}

/** Asks for the name of what is about to be destroyed; `--yes` answers, and without a terminal it is required. */
export async function confirm(what: string, name: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!canAsk()) throw badInput(`${what} needs to be confirmed: run it in a terminal, or with --yes`);
  const answer = await ask(`${what}. Type ${name} to confirm`);
  if (answer !== name) throw badInput("not confirmed; nothing was changed");
}
