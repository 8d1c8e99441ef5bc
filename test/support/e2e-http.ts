/** Requests to the site as a browser would make them; its certificate is its own and accepted as such. */
import http from "node:http";
import https from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly agent?: http.Agent | https.Agent;
  /** @default 10 */
  readonly timeoutSeconds?: number;
  /** Ends the answer early, for one that never does by itself. */
  readonly enough?: (body: Buffer) => boolean;
}

/** A request that got no whole answer. */
export class NoAnswer extends Error {
  /** Closed by the server before the first byte, on a connection used before: what a client may repeat. */
  readonly repeatable: boolean;

  constructor(message: string, repeatable: boolean) {
    super(message);
    this.repeatable = repeatable;
  }
}

/** One request; rejects with NoAnswer on a timeout or a connection error, never because of a status. */
export function ask(url: string, question: Question = {}): Promise<Answer> {
  const { method = "GET", headers = {}, json, agent, timeoutSeconds = 10, enough } = question;
  const payload = json === undefined ? undefined : JSON.stringify(json);
  const sent =
    payload === undefined
      ? headers
      : {
          "content-type": "application/json",
          "content-length": String(Buffer.byteLength(payload)),
          ...headers,
        };
  return new Promise((resolve, reject) => {
    const client = url.startsWith("https:") ? https : http;
    let began = false;
    const request = client.request(
      url,
      { method, headers: sent, agent: agent ?? false, rejectUnauthorized: false },
      (response) => {
        began = true;
        const parts: Buffer[] = [];
        const answered = () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          });
        response.on("data", (part: Buffer) => {
          parts.push(part);
          if (!enough?.(Buffer.concat(parts))) return;
          answered();
          request.destroy();
        });
        response.once("end", answered);
        response.once("error", fail);
      },
    );
    const fail = (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const closed = error.code === "ECONNRESET" || error.code === "EPIPE";
      reject(
        new NoAnswer(
          `${method} ${url}: ${error.code ?? error.message}`,
          closed && !began && request.reusedSocket,
        ),
      );
    };
    // Over the whole of it: a socket's own timeout starts anew with each byte.
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${timeoutSeconds} s`)),
      timeoutSeconds * 1000,
    );
    request.once("error", fail);
    request.once("close", () => clearTimeout(timer));
    request.end(payload);
  });
}

/** The answer's body as JSON. */
export function jsonOf<T = unknown>(answer: Answer): T {
  return JSON.parse(answer.body.toString("utf8")) as T;
}
