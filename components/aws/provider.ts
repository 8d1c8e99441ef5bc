/** AWS in one region, with what is made there said to be the stack's. */
import * as aws from "@pulumi/aws";
import type { Environment } from "../settings.ts";
import { LABEL, type Owner } from "../shared/labels.ts";

export function awsProvider(region: string, owner: Owner, environment: Environment): aws.Provider {
  return new aws.Provider("aws", {
    region: region as aws.Region,
    defaultTags: {
      tags: {
        [LABEL.project]: owner.project,
        [LABEL.stack]: owner.stack,
        ...(environment.kind === "preview" ? { [LABEL.expiresAt]: environment.expiresAt } : {}),
      },
    },
  });
}
