/** Whether the site answers, asked as a browser would. */
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { failed } from "./errors.ts";
import type { Say } from "./progress.ts";

const TRIES_SECONDS = 60;
const ANSWER_SECONDS = 10;

export interface SiteCheck {
  readonly url: string;
  readonly status: number;
  readonly milliseconds: number;
}

/**
 * Asks each URL until it answers below 400, for a minute at most.
 * @param selfSigned accept any certificate: only for stacks that sign their own
 */
export async function checkSite(
  urls: readonly string[],
  selfSigned: boolean,
  say: Say,
): Promise<SiteCheck[]> {
  const agent = new Agent({ rejectUnauthorized: !selfSigned });
  const end = Date.now() + TRIES_SECONDS * 1000;
  const checks: SiteCheck[] = [];
  for (const url of urls) checks.push(await untilAnswered(url, agent, end, say));
  return checks;
}

async function untilAnswered(url: string, agent: Agent, end: number, say: Say): Promise<SiteCheck> {
  for (;;) {
    const began = Date.now();
    const answer = await ask(url, agent).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    if (typeof answer === "number" && answer < 400) {
      return { url, status: answer, milliseconds: Date.now() - began };
    }
    if (Date.now() > end)
      throw failed(`${url} does not answer as it should after ${TRIES_SECONDS} s: ${answer}`);
    say(`${url}: ${answer}`);
    await sleep(500);
  }
}

function ask(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const req = request(url, { agent, timeout: ANSWER_SECONDS * 1000 }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", reject);
    });
    req.once("timeout", () => req.destroy(new Error(`no answer within ${ANSWER_SECONDS} s`)));
    req.once("error", reject);
    req.end();
  });
}
