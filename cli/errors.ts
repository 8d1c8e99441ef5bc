/** Errors that a user is meant to read: a sentence and an exit code, no stack trace. */

/** 1: it was tried and failed. 2: what was asked for cannot be done as it was said; nothing was changed. */
export type ExitCode = 1 | 2;

export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}

/** The operation failed: exit code 1. */
export function failed(message: string, cause?: unknown): CliError {
  return new CliError(message, 1, { cause });
}

/** Wrong input, found before anything was changed: exit code 2. All problems in one message. */
export function badInput(...problems: string[]): CliError {
  return new CliError(problems.join("\n"), 2);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Lines that Pulumi's command line prints for an error, without the stack trace and echo that the SDK adds. */
export function engineMessage(error: unknown): string {
  const lines = messageOf(error).split("\n");
  const first = lines.findIndex((line) => /^\s*(stderr:\s*)?error:/i.test(line));
  if (first < 0) return lines.slice(0, 5).join("\n").trim();
  const end = lines.findIndex((line, index) => index > first && /^\s*(err\?:|stdout:|code:|at\s)/.test(line));
  return lines
    .slice(first, end < 0 ? undefined : end)
    .map((line) => line.replace(/^\s*stderr:\s*/, ""))
    .map((line) => line.replace(/^\s*error:\s*/i, ""))
    .join("\n")
    .trim();
}

/** What the user is told about any error: the sentence, and the exit code. `debug` adds the trace. */
export function presentError(error: unknown, debug: boolean): { text: string; exitCode: ExitCode } {
  const exitCode = error instanceof CliError ? error.exitCode : 1;
  const trace = debug && error instanceof Error ? `\n${error.stack ?? ""}${causeOf(error)}` : "";
  if (error instanceof CliError) return { text: `${error.message}${trace}`, exitCode };
  const [line = "unknown error"] = messageOf(error).split("\n");
  const hint = debug ? "" : "\n(unexpected; run again with --debug for the details)";
  return { text: `${line}${hint}${trace}`, exitCode };
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? `\ncaused by: ${error.cause.stack ?? error.cause.message}` : "";
}
