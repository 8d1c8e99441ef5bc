/**
 * Asks one version of a function for its health, as API Gateway would, until it answers 2xx or its time is over: before
 * any request goes to it. Event: { functionName, version, path, host, seconds }.
 */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";

const lambda = new LambdaClient();
const PAUSE_MS = 1000;

export async function handler({ functionName, version, path, host, seconds }) {
  const Payload = JSON.stringify(eventOf(path, host));
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

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, payload 2.0 */
export function eventOf(path, host, method = "GET") {
  const now = Date.now();
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: "",
    headers: {
      host,
      "user-agent": "tristack-health",
      "x-forwarded-proto": "https",
      "x-forwarded-port": "443",
    },
    requestContext: {
      accountId: "anonymous",
      apiId: "health",
      domainName: host,
      domainPrefix: host.split(".")[0],
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "tristack-health" },
      requestId: `health-${now}`,
      routeKey: "$default",
      stage: "$default",
      time: new Date(now).toISOString(),
      timeEpoch: now,
    },
    isBase64Encoded: false,
  };
}
