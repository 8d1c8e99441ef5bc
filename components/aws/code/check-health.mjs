/**
 * Asks one version of a function for its health, as API Gateway would, until it answers 2xx or its time is over: before
 * any request goes to it. Event: { functionName, version, path, host, seconds }.
 */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";

const lambda = new LambdaClient();
const PAUSE_MS = 1000;

export async function handler({ functionName, version, path, host, seconds }) {
  const Payload = JSON.stringify(httpEvent("GET", path, host));
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const problem = await asked({ FunctionName: functionName, Qualifier: version, Payload });
    if (problem === undefined) return { version };
    if (Date.now() + PAUSE_MS > end)
      throw new Error(`version ${version} is not healthy within ${seconds} s: GET ${path}: ${problem}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Why it is not healthy; undefined when it is. */
async function asked(request) {
  try {
    const { FunctionError, Payload } = await lambda.send(new InvokeCommand(request));
    const text = Buffer.from(Payload ?? []).toString();
    if (FunctionError) return `${FunctionError}: ${messageIn(text)}`;
    const { statusCode } = JSON.parse(text);
    return statusCode >= 200 && statusCode < 300 ? undefined : `status ${statusCode}`;
  } catch (error) {
    // Such as that the version is still being made ready.
    return error.message;
  }
}

function messageIn(text) {
  try {
    return JSON.parse(text).errorMessage ?? text;
  } catch {
    return text;
  }
}

const ROUTE = "$default";
const FROM = "127.0.0.1";
const AGENT = "tristack";

/**
 * A request without a body, as an HTTP API hands it to a function, payload format 2.0:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, read 2026-11-26.
 */
export function httpEvent(method, path, host, at = new Date()) {
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
      domainPrefix: host.split(".")[0],
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
function logTime(at) {
  const [, day, month, year, time] = at.toUTCString().split(" ");
  return `${day}/${month}/${year}:${time} +0000`;
}
