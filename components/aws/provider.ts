/** AWS in one region, with what is made there said to be the stack's. */
import type { Region } from "@pulumi/aws";
// Not by sdk.ts: the plugin starts while the rest of the SDK is loaded.
import { Provider } from "@pulumi/aws/provider.js";
import type { Environment } from "../settings.ts";
import { LABEL, type Owner } from "../shared/labels.ts";

export function awsProvider(region: string, owner: Owner, environment: Environment): Provider {
  return new Provider("aws", {
    region: region as Region,
    defaultTags: {
      tags: {
        [LABEL.project]: owner.project,
        [LABEL.stack]: owner.stack,
        ...(environment.kind === "preview" ? { [LABEL.expiresAt]: environment.expiresAt } : {}),
      },
    },
  });
}
