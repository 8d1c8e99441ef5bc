/**
 * What lets requests of the distribution through to the API, and no others: whoever came past it would come past its
 * firewall. API Gateway asks once an hour and remembers; a request without the key is refused before anything runs.
 */
import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../shared/generated-password.ts";
import { codeOf } from "./code.ts";
import { roleOf } from "./policy-document.ts";

/** Header that carries the key. */
export const ORIGIN_KEY_HEADER = "x-origin-key";

export class OriginKey extends pulumi.ComponentResource {
  readonly value: pulumi.Output<string>;
  readonly authorizerFunction: aws.lambda.Function;

  constructor(name: string, args: { logDays: number }, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:OriginKey", name, {}, opts);
    this.value = generatedPassword(name, { parent: this });
    const logs = new aws.cloudwatch.LogGroup(name, { retentionInDays: args.logDays }, { parent: this });
    const role = roleOf(
      name,
      "lambda.amazonaws.com",
      [
        {
          Sid: "WriteItsLog",
          Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
          Resource: pulumi.interpolate`${logs.arn}:*`,
        },
      ],
      this,
    );
    this.authorizerFunction = new aws.lambda.Function(
      name,
      {
        ...codeOf("check-origin-key"),
        role,
        timeout: 3,
        // The key has 190 bits: nobody finds it by its digest, which is why that is no secret.
        environment: {
          variables: { KEY_DIGEST: pulumi.unsecret(this.value.apply((key) => digestOf(key))) },
        },
        loggingConfig: { logFormat: "Text", logGroup: logs.name },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
