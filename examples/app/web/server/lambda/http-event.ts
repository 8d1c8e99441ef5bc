/**
 * A request as API Gateway's HTTP APIs hand it to a function, payload format 2.0, and its answer:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
import { send } from "./send.ts";

/** What is read of it. */
export interface HttpEvent {
  readonly version: "2.0";
  /** Decoded. */
  readonly rawPath: string;
  readonly rawQueryString: string;
  /** Lower case; several of a name are one, with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly requestContext: { readonly http: { readonly method: string } };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string;
  readonly isBase64Encoded: true;
}

/** Of one connection, not of what is sent on it. */
const CONNECTION_HEADERS = ["connection", "keep-alive", "transfer-encoding"];

/** Asks the web server on this port of this machine. */
export async function answerEvent(event: unknown, port: number): Promise<HttpResult> {
  if (!isHttpEvent(event))
    throw new TypeError("This function answers events of HTTP APIs, payload format 2.0");
  const content =
    event.body === undefined ? "" : Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8");
  const headers: Record<string, string | number> = { ...event.headers, "content-length": content.length };
  for (const name of CONNECTION_HEADERS) delete headers[name];
  if (event.cookies !== undefined) headers["cookie"] = event.cookies.join("; ");
  const { method } = event.requestContext.http;
  const answer = await send({ host: "127.0.0.1", port, method, path: pathOf(event), headers }, content);
  return {
    statusCode: answer.status,
    headers: Object.fromEntries(
      Object.entries(answer.headers).filter(
        (entry): entry is [string, string] =>
          typeof entry[1] === "string" && !CONNECTION_HEADERS.includes(entry[0]),
      ),
    ),
    cookies: answer.headers["set-cookie"] ?? [],
    // Whatever it is: no list of binary types has to be complete.
    body: answer.body.toString("base64"),
    isBase64Encoded: true,
  };
}

/** Encoded again, as a browser would have sent it: an HTTP API decodes a path, and leaves the query as it is. */
function pathOf({ rawPath, rawQueryString }: HttpEvent): string {
  const path = encodeURI(rawPath).replace(/[?#]/g, encodeURIComponent);
  return rawQueryString === "" ? path : `${path}?${rawQueryString}`;
}

function isHttpEvent(event: unknown): event is HttpEvent {
  const { version, requestContext } = (event ?? {}) as Partial<HttpEvent>;
  return version === "2.0" && requestContext?.http !== undefined;
}
