/** One HTTP request, on a connection of its own. */
import { request } from "node:http";
import type { IncomingHttpHeaders, RequestOptions } from "node:http";
import { buffer } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Waits without a limit, which `fetch` does not: Lambda stops the clock between two events for as long as it likes, and a
 * kept connection may be gone after that.
 */
export function send(options: RequestOptions, body?: Buffer | string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, agent: false }, (response) => {
      buffer(response).then(
        (content) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: content }),
        reject,
      );
    });
    sent.once("error", reject);
    sent.end(body);
  });
}
