/** JSON that is posted to a service, and tried again where it was the service that failed. */
import { setTimeout as sleep } from "node:timers/promises";
import { failed, messageOf } from "../errors.ts";

/** Tries after the first, after 1, 4 and 9 s, or when the service says. */
const RETRIES = 3;
const LONGEST_WAIT = 60;
const REQUEST_SECONDS = 30;

export interface Posted {
  readonly status: number;
  readonly text: string;
}

export interface Post {
  /** As errors name it: an address may be a secret. */
  readonly service: string;
  readonly url: string;
  readonly body: unknown;
  readonly token?: string;
}

/**
 * @param second length of a second while waiting, in milliseconds. @default 1000; tests take less
 * @returns the answer, if it is none of a service in trouble
 * @throws CliError, exit code 1, when the service has not answered after all tries.
 */
export async function post({ service, url, body, token }: Post, second = 1000): Promise<Posted> {
  const headers = {
    "content-type": "application/json",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  for (let tried = 0; ; tried++) {
    const signal = AbortSignal.timeout(REQUEST_SECONDS * 1000);
    // A redirected POST would go on as a GET, and its 200 look like success.
    const request = {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal,
      redirect: "manual",
    } as const;
    const answer = await fetch(url, request).then(
      async (response) => ({ response, text: await response.text() }),
      (error: unknown) => ({ error }),
    );
    if ("response" in answer && answer.response.status !== 429 && answer.response.status < 500)
      return { status: answer.response.status, text: answer.text };
    const trouble =
      "response" in answer
        ? `answers ${answer.response.status}`
        : `does not answer (${reasonOf(answer.error)})`;
    const asked = "response" in answer ? Number(answer.response.headers.get("retry-after") ?? 0) : 0;
    if (tried === RETRIES || asked > LONGEST_WAIT) throw failed(`${service} ${trouble}`);
    await sleep(Math.max(asked || 0, (tried + 1) ** 2) * second);
  }
}

/** What fetch hides in the cause: `fetch failed` alone says nothing. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause ? error.cause : error);
}
