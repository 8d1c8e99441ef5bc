/** An exchange of databases over backups that only say what they are asked. */
import type { BackupJob } from "../../cli/backup-job.ts";
import { type Exchanged, exchange } from "../../cli/database-exchange.ts";

export interface Swap {
  readonly said: string[];
  /** What fails. @default nothing */
  readonly fails?: "ready" | "stopped" | "the word";
}

export function exchangeOver({ said, fails }: Swap): Promise<Exchanged> {
  const step = (name: string, what = name) => {
    said.push(what);
    return name === fails ? Promise.reject(new Error(name)) : Promise.resolve();
  };
  const job = {
    ask: (...words: string[]) => step("ask", words.join(" ")),
    ready: async (...words: string[]) => {
      await step("ready", ["ready", ...words].join(" "));
      return {
        go: async () => {
          await step("the word");
          return { kept: "app_before" };
        },
        callOff: () => step("called off"),
      };
    },
    withoutServices: async (_: unknown, work: () => Promise<unknown>) => {
      await step("stopped");
      return work().finally(() => said.push("started"));
    },
  } as unknown as BackupJob;
  const prepared = { backup: "b", database: "app_restore", tables: 1, seconds: 1 };
  return exchange(job, prepared, () => undefined);
}
