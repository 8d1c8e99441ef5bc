/** Functions whose code is here: a file of `code/` each, of what Lambda's runtime has and nothing else. */
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { type Allowed, roleOf, writesTo } from "./policy-document.ts";
import * as aws from "./sdk.ts";

export interface OwnFunctionArgs {
  /** Name of the file, without `.mjs`. */
  code: string;
  /** Log that it writes. */
  logs: aws.cloudwatch.LogGroup;
  /** Seconds after which it is ended. */
  timeout: number;
  variables: Readonly<Record<string, pulumi.Input<string>>>;
  /** What it may do besides writing its log. @default nothing */
  allowed?: readonly Allowed[];
}

export function ownFunction(
  name: string,
  { code, logs, timeout, variables, allowed = [] }: OwnFunctionArgs,
  parent: pulumi.Resource,
): aws.lambda.Function {
  const file = fileURLToPath(new URL(`code/${code}.mjs`, import.meta.url));
  return new aws.lambda.Function(
    name,
    {
      code: new pulumi.asset.AssetArchive({ "index.mjs": new pulumi.asset.FileAsset(file) }),
      handler: "index.handler",
      runtime: "nodejs24.x",
      architectures: ["arm64"],
      memorySize: 128,
      tracingConfig: { mode: "PassThrough" },
      role: roleOf(name, "lambda.amazonaws.com", [writesTo(logs), ...allowed], parent),
      timeout,
      environment: { variables },
      loggingConfig: { logFormat: "Text", logGroup: logs.name },
    },
    { parent },
  );
}
