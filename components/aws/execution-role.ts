/** The role of what starts a container of Fargate: it pulls the image, fills in secrets, and hands on the log. */
import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { roleOf, writesTo } from "./policy-document.ts";

export interface ExecutionRoleArgs {
  images: readonly string[];
  /** ARNs in Secrets Manager. */
  secretArns: readonly pulumi.Input<string>[];
  logs: aws.cloudwatch.LogGroup;
}

/** @returns its ARN. */
export function executionRole(
  name: string,
  { images, secretArns, logs }: ExecutionRoleArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const repositories = [...new Set(images.flatMap((image) => repositoryArn(image) ?? []))];
  return roleOf(
    name,
    "ecs-tasks.amazonaws.com",
    [
      writesTo(logs),
      ...(repositories.length > 0
        ? [
            // AWS takes no names for this one.
            { Sid: "LogInToTheRegistry", Action: ["ecr:GetAuthorizationToken"], Resource: "*" },
            {
              Sid: "PullTheirImages",
              Action: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
              Resource: repositories,
            },
          ]
        : []),
      ...(secretArns.length > 0
        ? [{ Sid: "ReadTheirSecrets", Action: ["secretsmanager:GetSecretValue"], Resource: secretArns }]
        : []),
    ],
    parent,
  );
}

/** ARN of the repository in ECR that an image is of; undefined for images of elsewhere. */
function repositoryArn(image: string): string | undefined {
  const found = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)/.exec(image);
  return found ? `arn:aws:ecr:${found[2]}:${found[1]}:repository/${found[3]}` : undefined;
}
