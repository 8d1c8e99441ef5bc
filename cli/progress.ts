/**
 * Steps that take time, shown while they run: a spinner on a terminal, plain lines elsewhere. Everything goes to stderr,
 * so that stdout holds results only.
 */
import { Listr, ListrLogger, ProcessOutput } from "listr2";

/** Tells what a step is doing at the moment. */
export type Say = (line: string) => void;

export interface Progress {
  /** Runs `work` under a title; what it throws is thrown on, after the step was marked as failed. */
  readonly step: <T>(title: string, work: (say: Say) => Promise<T>) => Promise<T>;
  /** A line of its own, between steps. */
  readonly note: (line: string) => void;
}

/** @param plain lines instead of a spinner. @default unless stderr is a terminal that has a width */
export function createProgress(plain = !process.stderr.isTTY || !process.stderr.columns): Progress {
  return {
    note: (line) => {
      process.stderr.write(`${line}\n`);
    },
    step: (title, work) => runStep(title, work, plain),
  };
}

async function runStep<T>(title: string, work: (say: Say) => Promise<T>, plain: boolean): Promise<T> {
  let result: { value: T } | undefined;
  let problem: { error: unknown } | undefined;
  const logger = new ListrLogger({
    useIcons: true,
    processOutput: new ProcessOutput(process.stderr, process.stderr, { leaveEmptyLine: false }),
  });
  const list = new Listr(
    [
      {
        title,
        task: async (_, task) => {
          try {
            result = { value: await work((line) => (task.output = line)) };
          } catch (error) {
            problem = { error };
            throw new Error("see below", { cause: error });
          }
        },
        rendererOptions: { outputBar: 1 },
      },
    ],
    {
      // Signals belong to the running update, which ends in order (signals.ts).
      registerSignalListeners: false,
      renderer: plain ? "simple" : "default",
      rendererOptions: plain ? { logger } : { logger, collapseErrors: false },
    },
  );
  await list.run().catch((error: unknown) => {
    if (!problem) throw error;
  });
  if (problem) throw problem.error;
  if (!result) throw new Error(`step without a result: ${title}`);
  return result.value;
}
