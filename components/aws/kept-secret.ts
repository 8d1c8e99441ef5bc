/** A secret in Secrets Manager. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** @returns its ARN. */
export function keptSecret(
  name: string,
  description: string,
  value: pulumi.Input<string>,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const secret = new aws.secretsmanager.Secret(
    name,
    // Its name is free again at once: a stack of the same name is not refused for a month.
    { description, recoveryWindowInDays: 0 },
    { parent },
  );
  new aws.secretsmanager.SecretVersion(name, { secretId: secret.id, secretString: value }, { parent });
  return secret.arn;
}
