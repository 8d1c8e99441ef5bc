/** Lets nobody call the functions that use the database while it is exchanged, and everybody afterwards. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionConcurrencyCommand,
  type LambdaClient,
  ListTagsCommand,
  PutFunctionConcurrencyCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-lambda";
import type { Outputs } from "../../components/outputs.ts";
import { seconds } from "../../components/shared/units.ts";
import { failed } from "../errors.ts";
import type { Say } from "../progress.ts";
import type { Deployment } from "../recovery.ts";
import { interruptible } from "../signals.ts";
import { asked } from "./asked.ts";
import { partsOf } from "./parts.ts";

/** How many may run at once otherwise, on the function itself: a command that is killed in between leaves it to the next one. */
const BEFORE = "dev.tristack/concurrency-before-restore";
const UNLIMITED = "unlimited";

/**
 * ARNs of the functions of those services that use the database.
 * @param sibling ARN of another function of the stack
 */
export function databaseUsers({ release }: Outputs, state: Deployment, sibling: string): string[] {
  const { services } = partsOf(state);
  return Object.entries(release.settings.services).flatMap(([name, { uses }]) => {
    if (!uses.includes("database")) return [];
    const found = services.find(({ service }) => service === name);
    if (!found) throw failed(`the stack's state has no function of the service ${name}`);
    return [sibling.replace(/[^:]+$/, found.functionName)];
  });
}

/** Seconds that requests may take that run already. */
export function longestRequest({ release }: Outputs): number {
  const { services, proxy } = release.settings;
  const drains = Object.values(services).map(({ drain }) => seconds(drain));
  return Math.min(seconds(proxy.timeout), Math.max(1, ...drains));
}

/**
 * Runs `work` while no request reaches those functions. They take requests again in any case, Ctrl-C included.
 * @param drainSeconds that requests are given which run already
 */
export function withoutFunctions<T>(
  client: LambdaClient,
  arns: readonly string[],
  drainSeconds: number,
  say: Say,
  work: () => Promise<T>,
): Promise<T> {
  return interruptible(say, async () => {
    const before = await Promise.all(arns.map((arn) => limitOf(client, arn)));
    try {
      if (arns.length > 0) say(`no requests to ${arns.map(nameOf).join(", ")}`);
      await Promise.all(arns.map((arn, index) => close(client, arn, before[index] ?? UNLIMITED)));
      await sleep(arns.length > 0 ? drainSeconds * 1000 : 0);
      return await work();
    } finally {
      if (arns.length > 0) say("taking requests again");
      await Promise.all(arns.map((arn, index) => reopen(client, arn, before[index] ?? UNLIMITED)));
    }
  });
}

/** What it is to have again: a number, or no limit of its own. */
async function limitOf(client: LambdaClient, arn: string): Promise<string> {
  const { Tags = {} } = await asked(client.send(new ListTagsCommand({ Resource: arn })));
  const { ReservedConcurrentExecutions } = await asked(
    client.send(new GetFunctionConcurrencyCommand({ FunctionName: arn })),
  );
  return Tags[BEFORE] ?? String(ReservedConcurrentExecutions ?? UNLIMITED);
}

async function close(client: LambdaClient, arn: string, before: string): Promise<void> {
  await asked(client.send(new TagResourceCommand({ Resource: arn, Tags: { [BEFORE]: before } })));
  await limitTo(client, arn, 0);
}

async function reopen(client: LambdaClient, arn: string, before: string): Promise<void> {
  if (before === UNLIMITED)
    await asked(client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: arn })));
  else await limitTo(client, arn, Number(before));
  await asked(client.send(new UntagResourceCommand({ Resource: arn, TagKeys: [BEFORE] })));
}

async function limitTo(client: LambdaClient, arn: string, limit: number): Promise<void> {
  const request = { FunctionName: arn, ReservedConcurrentExecutions: limit };
  await asked(client.send(new PutFunctionConcurrencyCommand(request)));
}

function nameOf(arn: string): string {
  return arn.split(":").at(-1) ?? arn;
}
