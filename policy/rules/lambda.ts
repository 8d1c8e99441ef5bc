/** Functions of Lambda, and what leads to them. */
import { type Resource, type Rule, at, ofType, textAt } from "../rule.ts";

const FUNCTION = "aws:lambda/function:Function";
const URL_TYPE = "aws:lambda/functionUrl:FunctionUrl";
const PERMISSION = "aws:lambda/permission:Permission";

/** That AWS still mends: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, read 2026-11-26. */
const RUNTIMES =
  /^(nodejs(22|24)\.x|python3\.1[1-4]|java(17|21|25)|dotnet(8|10)|ruby3\.[34]|provided\.al2023)$/;
/** Names under which people put secrets. */
const SECRET_NAMES =
  /(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|DATABASE_URL|REDIS_URL)$/;
/** Where a secret is, in place of the secret. */
const REFERENCE = /^arn:aws[a-z-]*:(secretsmanager|ssm|kms):/;

export const lambdaRules: readonly Rule[] = [
  {
    number: 31,
    name: "lambda-not-for-everybody",
    ids: ["Lambda.1", "CKV_AWS_301"],
    meaning: "A function may be called by those alone who are named.",
    types: [PERMISSION],
    holds: (props) =>
      textAt(props, "principal") !== "*" &&
      // A service calls for any account of AWS, unless it is said for whose.
      (!textAt(props, "principal").endsWith(".amazonaws.com") ||
        props.sourceArn !== undefined ||
        props.sourceAccount !== undefined),
  },
  {
    number: 32,
    name: "lambda-url-authorized",
    ids: ["CKV_AWS_258"],
    meaning: "A function's own URL is not open to everybody.",
    types: [URL_TYPE],
    holds: (props) => props.authorizationType === "AWS_IAM",
  },
  {
    number: 33,
    name: "lambda-runtime",
    ids: ["Lambda.2", "CKV_AWS_363"],
    meaning: "A function runs in an image, or in a runtime that is still mended.",
    types: [FUNCTION],
    holds: (props) => props.packageType === "Image" || RUNTIMES.test(textAt(props, "runtime")),
  },
  {
    number: 34,
    name: "lambda-no-secrets-in-environment",
    ids: ["CKV_AWS_45"],
    meaning: "A function's variables say where secrets are, and hold none.",
    types: [FUNCTION],
    holds: (props) =>
      Object.entries((at(props, "environment", "variables") ?? {}) as Record<string, unknown>).every(
        ([name, value]) => !SECRET_NAMES.test(name) || REFERENCE.test(String(value)),
      ),
  },
  {
    number: 35,
    name: "api-authorized",
    ids: ["APIGateway.8", "CKV_AWS_309"],
    meaning:
      "A route of an API asks who is there, unless the API's tag tristack.dev/public says that it is for everybody.",
    breaches: (all) =>
      ofType(all, "aws:apigatewayv2/route:Route").filter(
        (route) =>
          /^(|NONE)$/.test(textAt(route.props, "authorizationType")) &&
          !route.refersTo("apiId").some(({ props }) => textAt(props, "tags", "tristack.dev/public") !== ""),
      ),
  },
  {
    number: 36,
    name: "api-log",
    ids: ["APIGateway.9"],
    meaning: "Requests of an API are logged.",
    types: ["aws:apigatewayv2/stage:Stage"],
    holds: (props) => at(props, "accessLogSettings", "format") !== undefined,
  },
  {
    number: 37,
    name: "logs-end",
    ids: ["CKV_AWS_66"],
    meaning: "Logs are kept for a time, and not for ever.",
    types: ["aws:cloudwatch/logGroup:LogGroup"],
    holds: (props) => Number(props.retentionInDays ?? 0) > 0,
  },
  {
    number: 38,
    name: "lambda-url-of-cloudfront",
    ids: ["aws-cdk#35872"],
    meaning: "CloudFront may call a function's URL, and the function behind it: without both it answers 403.",
    breaches: (all) => {
      const given = ofType(all, PERMISSION).filter(
        ({ props }) => textAt(props, "principal") === "cloudfront.amazonaws.com",
      );
      const functionOf = (one: Resource, property: string) => one.refersTo(property);
      return ofType(all, URL_TYPE).filter((url) => {
        const target = functionOf(url, "functionName");
        const actions = given
          .filter((one) => functionOf(one, "function").some((other) => target.includes(other)))
          .map(({ props }) => textAt(props, "action"));
        return !["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"].every((action) =>
          actions.includes(action),
        );
      });
    },
  },
];
