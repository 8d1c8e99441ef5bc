/**
 * What lets requests of the distribution through to the API, and no others: whoever came past it would come past its
 * firewall. API Gateway asks once an hour and remembers; a request without the key is refused before anything runs.
 */
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../shared/generated-password.ts";
import { ownFunction } from "./own-function.ts";
import * as aws from "./sdk.ts";

/** Header that carries the key. */
export const ORIGIN_KEY_HEADER = "x-origin-key";

export class OriginKey extends pulumi.ComponentResource {
  readonly value: pulumi.Output<string>;
  readonly authorizerFunction: aws.lambda.Function;

  constructor(name: string, args: { logDays: number }, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:OriginKey", name, {}, opts);
    this.value = generatedPassword(name, { parent: this });
    const logs = new aws.cloudwatch.LogGroup(name, { retentionInDays: args.logDays }, { parent: this });
    this.authorizerFunction = ownFunction(
      name,
      {
        code: "check-origin-key",
        logs,
        timeout: 3,
        // The key has 190 bits: nobody finds it by its digest, which is why that is no secret.
        variables: { KEY_DIGEST: pulumi.unsecret(this.value.apply((key) => digestOf(key))) },
      },
      this,
    );
    this.registerOutputs({});
  }
}

function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
