/** The function that runs a stack's backups (components/aws/code/run-task.mjs), called as anybody may call it. */
import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { failed, messageOf } from "../errors.ts";
import { asked } from "./asked.ts";

/** A command that has begun, by the ARN of its task. */
export type Task = string;

interface Answer {
  readonly task?: Task;
  readonly status?: string;
  readonly answer?: unknown;
}

/** What a task may take until its containers run: an image is pulled, a machine found. */
const START_SECONDS = 300;
/** What one call waits for: longer ones are cut off by what is in between. */
const WAIT_SECONDS = 20;
const POLL_MILLISECONDS = 1000;
const BUSY = /another backup, drill or restore is under way/;

export class BackupFunction {
  readonly #client: LambdaClient;
  readonly #arn: string;

  constructor(client: LambdaClient, arn: string) {
    this.#client = client;
    this.#arn = arn;
  }

  /** @param busySeconds how long another one that runs is waited for; undefined: it runs beside this one */
  async begin(args: readonly string[], busySeconds: number | undefined): Promise<Task> {
    for (const end = Date.now() + (busySeconds ?? 0) * 1000; ; await sleep(POLL_MILLISECONDS)) {
      try {
        const { task } = await this.#call({ args, seconds: 0, alone: busySeconds !== undefined });
        if (task === undefined) throw failed("the function of the backups has started nothing");
        return task;
      } catch (error) {
        if (!BUSY.test(messageOf(error)) || Date.now() >= end) throw error;
      }
    }
  }

  /** What it answers in the end. @throws CliError with what it said where it failed */
  async answerOf(task: Task): Promise<unknown> {
    for (;;) {
      const said = await this.#call({ task, seconds: WAIT_SECONDS });
      if (said.status === undefined) return said.answer;
    }
  }

  /** Waits until its containers run. */
  async started(task: Task): Promise<void> {
    for (const end = Date.now() + START_SECONDS * 1000; ; await sleep(POLL_MILLISECONDS)) {
      const { status } = await this.#call({ task, seconds: 0 });
      if (status === "RUNNING") return;
      if (status === undefined) throw failed("the task has ended before it was given the word");
      if (Date.now() > end) throw failed(`the task did not start within ${START_SECONDS} s: it is ${status}`);
    }
  }

  async #call(event: object): Promise<Answer> {
    const request = new InvokeCommand({ FunctionName: this.#arn, Payload: JSON.stringify(event) });
    const { Payload, FunctionError } = await asked(this.#client.send(request));
    const text = Payload?.transformToString() ?? "";
    if (FunctionError === undefined) return JSON.parse(text) as Answer;
    throw failed(saidIn((JSON.parse(text) as { errorMessage?: string }).errorMessage ?? FunctionError));
  }
}

/** The keeper's own sentences, where there are any; otherwise all that AWS says. */
function saidIn(message: string): string {
  const own = message.split("\n").filter((line) => line.startsWith("backup: "));
  return own.length > 0 ? own.join("\n") : message;
}
