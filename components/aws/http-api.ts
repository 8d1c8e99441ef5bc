/** The address that the services' functions are reached by: an HTTP API of API Gateway. */
import * as pulumi from "@pulumi/pulumi";
import { seconds } from "../shared/units.ts";
import { ORIGIN_KEY_HEADER, type OriginKey } from "./origin-key.ts";
import * as aws from "./sdk.ts";
import type { ServiceFunction } from "./service-function.ts";

export interface HttpApiArgs {
  /** Functions by service. */
  functions: Readonly<Record<string, ServiceFunction>>;
  /** Public path prefixes by service; the longest match wins. */
  routes: Readonly<Record<string, readonly string[]>>;
  /** Longest time of a request. */
  timeout: string;
  /** Days that its log is kept. */
  logDays: number;
  /** What requests have to carry. Left out, everybody may ask. */
  key?: OriginKey;
}

/** Requests a second that everybody together may send, and how many at once: far below what an account of AWS may. */
const MOST_REQUESTS = { throttlingRateLimit: 1000, throttlingBurstLimit: 2000 };

export class HttpApi extends pulumi.ComponentResource {
  readonly api: aws.apigatewayv2.Api;
  readonly stage: aws.apigatewayv2.Stage;
  /** Host name that AWS gives it. */
  readonly host: pulumi.Output<string>;

  constructor(name: string, args: HttpApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:HttpApi", name, {}, opts);
    const within = { parent: this };
    const open = "the application asks who is there";
    this.api = new aws.apigatewayv2.Api(
      name,
      { protocolType: "HTTP", ...(args.key ? {} : { tags: { "tristack.dev/public": open } }) },
      within,
    );
    const authorized = args.key && this.#authorizer(name, args.key);
    const routes = Object.entries(args.functions).flatMap(([service, made]) => {
      const integration = this.#integration(service, made, args.timeout);
      return (args.routes[service] ?? []).flatMap((path) =>
        routeKeysOf(path).map(
          (routeKey) =>
            new aws.apigatewayv2.Route(
              `${name}-${service}-${routeKey.replace(/^ANY /, "")}`,
              {
                apiId: this.api.id,
                routeKey,
                target: pulumi.interpolate`integrations/${integration.id}`,
                ...authorized,
              },
              within,
            ),
        ),
      );
    });
    const logs = new aws.cloudwatch.LogGroup(`${name}-requests`, { retentionInDays: args.logDays }, within);
    this.stage = new aws.apigatewayv2.Stage(
      name,
      {
        apiId: this.api.id,
        name: "$default",
        autoDeploy: true,
        defaultRouteSettings: { ...MOST_REQUESTS, detailedMetricsEnabled: true },
        accessLogSettings: { destinationArn: logs.arn, format: JSON.stringify(LOGGED) },
      },
      { ...within, dependsOn: routes },
    );
    this.host = this.api.apiEndpoint.apply((url) => url.replace(/^https:\/\//, ""));
    this.registerOutputs({ host: this.host });
  }

  #integration(service: string, made: ServiceFunction, timeout: string): aws.apigatewayv2.Integration {
    const within = { parent: this };
    new aws.lambda.Permission(
      service,
      {
        action: "lambda:InvokeFunction",
        function: made.functionName,
        qualifier: made.alias.name,
        principal: "apigateway.amazonaws.com",
        sourceArn: pulumi.interpolate`${this.api.executionArn}/*/*`,
      },
      within,
    );
    return new aws.apigatewayv2.Integration(
      service,
      {
        apiId: this.api.id,
        integrationType: "AWS_PROXY",
        integrationUri: made.alias.invokeArn,
        payloadFormatVersion: "2.0",
        timeoutMilliseconds: seconds(timeout) * 1000,
      },
      within,
    );
  }

  #authorizer(name: string, { authorizerFunction }: OriginKey) {
    const within = { parent: this };
    new aws.lambda.Permission(
      `${name}-key`,
      {
        action: "lambda:InvokeFunction",
        function: authorizerFunction.name,
        principal: "apigateway.amazonaws.com",
        sourceArn: pulumi.interpolate`${this.api.executionArn}/authorizers/*`,
      },
      within,
    );
    const made = new aws.apigatewayv2.Authorizer(
      name,
      {
        apiId: this.api.id,
        authorizerType: "REQUEST",
        authorizerUri: authorizerFunction.invokeArn,
        authorizerPayloadFormatVersion: "2.0",
        enableSimpleResponses: true,
        identitySources: [`$request.header.${ORIGIN_KEY_HEADER}`],
        authorizerResultTtlInSeconds: 3600,
      },
      within,
    );
    return { authorizationType: "CUSTOM", authorizerId: made.id };
  }
}

/** A prefix as API Gateway has it: the path itself, and all below it. */
function routeKeysOf(path: string): string[] {
  if (path === "/") return ["$default"];
  const prefix = path.replace(/\/+$/, "");
  return [`ANY ${prefix}`, `ANY ${prefix}/{proxy+}`];
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html */
const LOGGED = {
  at: "$context.requestTime",
  requestId: "$context.requestId",
  ip: "$context.identity.sourceIp",
  method: "$context.httpMethod",
  path: "$context.path",
  status: "$context.status",
  bytes: "$context.responseLength",
  milliseconds: "$context.responseLatency",
  error: "$context.integrationErrorMessage",
};
