/** Requests as an HTTP API of API Gateway hands them to a function, made by what asks for the health of one. */
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

type Make = (method: string, path: string, host: string, at?: Date) => HttpEvent;

const code = new URL("../../components/aws/code/check-health.mjs", import.meta.url).href;
const made = (await import(code)) as { httpEvent: Make };

/**
 * A request without a body.
 * @param path its query, if any, after `?`
 * @param host name that visitors ask for, such as shop.example.com
 */
export const httpEvent: Make = made.httpEvent;
