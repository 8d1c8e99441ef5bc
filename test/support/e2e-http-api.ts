/** What stands before functions at AWS, an HTTP API, as far as one service asks another through it. */
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { httpEvent } from "./http-event.ts";
import { type LambdaFunction, bodyOf } from "./e2e-lambda.ts";

export interface HttpApi {
  readonly url: string;
  readonly stop: () => void;
}

/** Every request becomes an event, every answer of the function the answer. */
export async function startHttpApi(made: LambdaFunction): Promise<HttpApi> {
  const server = createServer((request, response) => {
    eventOf(request)
      .then((event) => made.answer(event))
      .then((result) => {
        const cookies = result.cookies ? { "set-cookie": [...result.cookies] } : {};
        response.writeHead(result.statusCode, { ...result.headers, ...cookies }).end(bodyOf(result));
      })
      .catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => void server.close() };
}

async function eventOf(request: IncomingMessage) {
  const { method = "GET", url = "/", headers } = request;
  const { cookie, host = "", ...rest } = headers;
  const body = (await buffer(request)).toString("base64");
  const event = httpEvent(method, url, host);
  const single = Object.entries(rest).map(([name, value]) => [name, String(value)] as const);
  return {
    ...event,
    headers: { ...event.headers, ...Object.fromEntries(single) },
    ...(cookie ? { cookies: cookie.split("; ") } : {}),
    ...(body ? { body, isBase64Encoded: true } : {}),
  };
}
