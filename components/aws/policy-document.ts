/** Policy documents of IAM. */
import * as pulumi from "@pulumi/pulumi";
import * as aws from "./sdk.ts";

/** What may be done. Its Sid says what for. */
export interface Allowed {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: pulumi.Input<string> | pulumi.Input<string[]> | readonly pulumi.Input<string>[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, pulumi.Input<string>>>>>;
}

/** Where the roles of stacks are: a role that deploys may touch those of this path alone. */
export const ROLE_PATH = "/tristack/";

/** A role's trust in one service of AWS. */
export function trustOf(service: string, actions: readonly string[] = ["sts:AssumeRole"]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Sid: "UsedByTheServiceAlone", Effect: "Allow", Principal: { Service: service }, Action: actions },
    ],
  });
}

/** Writing one log. */
export function writesTo(logs: aws.cloudwatch.LogGroup): Allowed {
  return {
    Sid: "WriteItsLog",
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: pulumi.interpolate`${logs.arn}:*`,
  };
}

/**
 * A role of one service of AWS that may do what is allowed, and nothing else.
 * @returns its ARN, which is not known before its policy is there: what starts without it fails.
 */
export function roleOf(
  name: string,
  service: string,
  allowed: readonly Allowed[],
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const role = new aws.iam.Role(name, { path: ROLE_PATH, assumeRolePolicy: trustOf(service) }, { parent });
  const policy = pulumi.jsonStringify({
    Version: "2012-10-17",
    // AWS refuses a statement about nothing, such as the jobs of an application without migrations.
    Statement: allowed
      .filter(({ Resource }) => !(Array.isArray(Resource) && Resource.length === 0))
      .map((one) => ({ Effect: "Allow", ...one })),
  });
  const attached = new aws.iam.RolePolicy(name, { role: role.id, policy }, { parent });
  return pulumi.all([role.arn, attached.id]).apply(([arn]) => arn);
}
