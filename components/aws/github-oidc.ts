/**
 * Roles that jobs of GitHub take without any key of ours: GitHub says who asks, and AWS believes it of one repository and
 * one environment alone. Who may run jobs in an environment, its protection rules say.
 */
import * as pulumi from "@pulumi/pulumi";
import { ROLE_PATH } from "./policy-document.ts";
import * as aws from "./sdk.ts";

export interface GithubOidcArgs {
  /** Such as myorg/myapp. */
  repository: string;
  /** Environments of it; a role each. */
  environments: readonly string[];
  /** ARN of the policy that every role of a stack has to be bounded by. */
  boundaryArn: pulumi.Input<string>;
}

const ISSUER = "token.actions.githubusercontent.com";

/** AWS' own policy for those who build: everything but IAM, which the stacks' roles alone are let through of. */
const POWER_USER = "arn:aws:iam::aws:policy/PowerUserAccess";

export class GithubOidc extends pulumi.ComponentResource {
  /** ARNs of the roles by environment: `role-to-assume` of aws-actions/configure-aws-credentials. */
  readonly roles: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: GithubOidcArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:GithubOidc", name, {}, opts);
    const within = { parent: this };
    const provider = new aws.iam.OpenIdConnectProvider(
      name,
      // AWS checks GitHub's certificate by its own list of authorities: no thumbprint is needed any more.
      { url: `https://${ISSUER}`, clientIdLists: ["sts.amazonaws.com"] },
      within,
    );
    const account = aws.getCallerIdentityOutput({}, within).accountId;
    this.roles = Object.fromEntries(
      args.environments.map((environment) => {
        const own = `${name}-${environment}`;
        const role = new aws.iam.Role(
          own,
          {
            assumeRolePolicy: trustOfGithub(provider.arn, args.repository, environment),
            // An update may wait for a database for an hour.
            maxSessionDuration: 2 * 3600,
          },
          within,
        );
        new aws.iam.RolePolicyAttachment(own, { role: role.name, policyArn: POWER_USER }, within);
        new aws.iam.RolePolicy(
          own,
          { role: role.id, policy: rolesOfStacks(account, args.boundaryArn) },
          within,
        );
        return [environment, role.arn];
      }),
    );
    this.registerOutputs({});
  }
}

/** A deployer makes no role that could do more than the boundary says, and so none that could do more than itself. */
function rolesOfStacks(account: pulumi.Output<string>, boundaryArn: pulumi.Input<string>) {
  const Resource = pulumi.interpolate`arn:aws:iam::${account}:role${ROLE_PATH}*`;
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "MakeBoundedRoles",
        Effect: "Allow",
        Action: ["iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy"],
        Resource,
        Condition: { StringEquals: { "iam:PermissionsBoundary": boundaryArn } },
      },
      {
        Sid: "LookAtAndRemoveThem",
        Effect: "Allow",
        Action: [
          "iam:DeleteRole",
          "iam:GetRole",
          "iam:GetRolePolicy",
          "iam:ListAttachedRolePolicies",
          "iam:ListInstanceProfilesForRole",
          "iam:ListRolePolicies",
          "iam:TagRole",
          "iam:UntagRole",
          "iam:UpdateAssumeRolePolicy",
        ],
        Resource,
      },
      { Sid: "GiveThemToServices", Effect: "Allow", Action: ["iam:PassRole"], Resource },
    ],
  });
}

function trustOfGithub(providerArn: pulumi.Output<string>, repository: string, environment: string) {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "JobsOfOneEnvironment",
        Effect: "Allow",
        Principal: { Federated: providerArn },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            [`${ISSUER}:aud`]: "sts.amazonaws.com",
            [`${ISSUER}:sub`]: `repo:${repository}:environment:${environment}`,
          },
        },
      },
    ],
  });
}
