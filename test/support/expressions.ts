/** GitHub's expressions, evaluated by its own library with contexts that a test makes up. */
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";
import type { FunctionInfo } from "@actions/expressions/funcs/info";

/** `github`, `vars`, `needs` and so on; what is not there is null, as at GitHub. */
export type Contexts = Readonly<Record<string, unknown>>;

/** What `success()` and its like say. @default all is well */
export interface Status {
  readonly success?: boolean;
  readonly failure?: boolean;
  readonly cancelled?: boolean;
}

const STATUS = ["success", "failure", "cancelled", "always"];
const KNOWN = ["github", "vars", "secrets", "needs", "inputs", "matrix", "steps", "job", "env", "runner"];

/** The value of what stands between `${{` and `}}`. */
export function evaluate(expression: string, contexts: Contexts, status: Status = {}): unknown {
  const says: Record<string, boolean> = {
    success: status.success ?? true,
    failure: status.failure ?? false,
    cancelled: status.cancelled ?? false,
    always: true,
  };
  const functions: FunctionInfo[] = STATUS.map((name) => ({ name, minArgs: 0, maxArgs: 0 }));
  const calls = new Map(
    functions.map((info) => [
      info.name,
      { ...info, call: () => new data.BooleanData(says[info.name] ?? false) },
    ]),
  );
  const all = Object.fromEntries(KNOWN.map((name) => [name, contexts[name] ?? {}]));
  const context = JSON.parse(JSON.stringify(all), data.reviver) as data.Dictionary;
  const tree = new Parser(new Lexer(expression).lex().tokens, KNOWN, functions).parse();
  return JSON.parse(JSON.stringify(new Evaluator(tree, context, calls).evaluate(), data.replacer));
}

/** A text with its expressions filled in. */
export function filled(text: string, contexts: Contexts, status?: Status): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => {
    const value = evaluate(expression, contexts, status) as string | number | boolean | null;
    return value === null ? "" : String(value);
  });
}

/** Whether an `if` holds; without one, whether all went well before. */
export function holds(condition: string | undefined, contexts: Contexts, status: Status = {}): boolean {
  const bare = (condition ?? "success()").replace(/^\s*\$\{\{(.*)\}\}\s*$/s, "$1");
  const asks = STATUS.some((name) => bare.includes(`${name}()`));
  return Boolean(evaluate(asks ? bare : `success() && (${bare})`, contexts, status));
}
