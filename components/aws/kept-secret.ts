/** A secret in Secrets Manager. */
import * as pulumi from "@pulumi/pulumi";
import * as aws from "./sdk.ts";

/** @returns its ARN. */
export function keptSecret(
  name: string,
  description: string,
  value: pulumi.Input<string>,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  return kept(name, description, value, parent).secret.arn;
}

/** For what reads it within the update that makes it. @returns its ARN, which is not known before it can be read. */
export function readableSecret(...args: Parameters<typeof keptSecret>): pulumi.Output<string> {
  const { secret, version } = kept(...args);
  return pulumi.all([secret.arn, version.id]).apply(([arn]) => arn);
}

function kept(name: string, description: string, value: pulumi.Input<string>, parent: pulumi.Resource) {
  const secret = new aws.secretsmanager.Secret(
    name,
    // Its name is free again at once: a stack of the same name is not refused for a month.
    { description, recoveryWindowInDays: 0 },
    { parent },
  );
  const version = new aws.secretsmanager.SecretVersion(
    name,
    { secretId: secret.id, secretString: value },
    { parent },
  );
  return { secret, version };
}
