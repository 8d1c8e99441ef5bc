/**
 * Requests as an HTTP API of API Gateway hands them to a function, payload format 2.0:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, read 2026-11-26.
 */

export interface HttpEvent {
  readonly version: "2.0";
  readonly routeKey: string;
  /** Decoded, as API Gateway has it. */
  readonly rawPath: string;
  /** Not decoded. */
  readonly rawQueryString: string;
  /** By name in lower case; several of one name are one, with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly requestContext: {
    readonly accountId: string;
    readonly apiId: string;
    readonly domainName: string;
    readonly domainPrefix: string;
    readonly http: {
      readonly method: string;
      readonly path: string;
      readonly protocol: "HTTP/1.1";
      readonly sourceIp: string;
      readonly userAgent: string;
    };
    readonly requestId: string;
    readonly routeKey: string;
    readonly stage: string;
    readonly time: string;
    readonly timeEpoch: number;
  };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

/** What a function answers. */
export interface HttpResult {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

const ROUTE = "$default";
const FROM = "127.0.0.1";
const AGENT = "tristack";

/**
 * A request without a body: what a version of a function is asked before visitors ask it.
 * @param path its query, if any, after `?`
 * @param host name that visitors ask for, such as shop.example.com
 */
export function httpEvent(method: string, path: string, host: string, at = new Date()): HttpEvent {
  const [rawPath = "/", ...query] = path.split("?");
  return {
    version: "2.0",
    routeKey: ROUTE,
    rawPath,
    rawQueryString: query.join("?"),
    headers: {
      host,
      accept: "*/*",
      "content-length": "0",
      "user-agent": AGENT,
      "x-forwarded-for": FROM,
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
    },
    requestContext: {
      accountId: "anonymous",
      apiId: AGENT,
      domainName: host,
      domainPrefix: host.split(".")[0] ?? host,
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: FROM, userAgent: AGENT },
      requestId: `${AGENT}-${at.getTime()}`,
      routeKey: ROUTE,
      stage: ROUTE,
      time: logTime(at),
      timeEpoch: at.getTime(),
    },
    isBase64Encoded: false,
  };
}

/** As logs of web servers have it: `12/Mar/2020:19:03:58 +0000`. */
function logTime(at: Date): string {
  const [, day, month, year, time] = at.toUTCString().split(" ");
  return `${day}/${month}/${year}:${time} +0000`;
}
