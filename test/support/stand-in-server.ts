/** A small HTTP server of a test's own, that remembers what it was asked and fails when it is told to. */
import { type IncomingHttpHeaders, type IncomingMessage, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as the routes see it. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON, the text where it is none, undefined where there is none. */
  readonly body: unknown;
}

/** What is answered. A text goes as it is, anything else as JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Handled extends Asked {
  readonly status: number;
}

interface Trouble {
  /** Method and path, such as `POST /repos/…/comments`. */
  readonly at: RegExp;
  readonly answer: Answer;
  left: number;
  /** Whether the request is carried out all the same, as behind a gateway that gave up waiting. */
  readonly carriedOut: boolean;
}

type Route = (asked: Asked) => Answer | Promise<Answer>;

export class StandInServer {
  /** Every request and the status of its answer, in order. */
  readonly requests: Handled[] = [];
  readonly url: string;
  readonly #server: Server;
  readonly #troubles: Trouble[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async open(route: Route): Promise<StandInServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const own = new StandInServer(server);
    server.on("request", (request, response) => {
      void own.#handle(request, route).then(
        ({ status, body, headers = {} }) => {
          const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
          response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
          response.end(text);
        },
        (error: unknown) => response.writeHead(599).end(String(error)),
      );
    });
    return own;
  }

  /**
   * The next `times` requests of that method and path are answered so.
   * @param carriedOut whether they are carried out all the same. @default false
   */
  fail(at: RegExp, answer: Answer, times = 1, carriedOut = false): void {
    this.#troubles.push({ at, answer, left: times, carriedOut });
  }

  /** Requests of that method and path, such as /^PATCH /. */
  asked(at: RegExp): Handled[] {
    return this.requests.filter(({ method, path }) => at.test(`${method} ${path}`));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, route: Route): Promise<Answer> {
    const url = new URL(request.url ?? "/", this.url);
    const { method = "GET", headers } = request;
    const path = decodeURIComponent(url.pathname);
    const asked: Asked = { method, path, query: url.searchParams, headers, body: await bodyOf(request) };
    const trouble = this.#troubles.find(({ at, left }) => left > 0 && at.test(`${method} ${path}`));
    if (trouble) trouble.left -= 1;
    const answer = trouble && !trouble.carriedOut ? trouble.answer : await route(asked);
    this.requests.push({ ...asked, status: trouble?.answer.status ?? answer.status });
    return trouble?.answer ?? answer;
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
