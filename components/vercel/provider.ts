/** Vercel, in one team. The token is VERCEL_API_TOKEN, which the plugin reads by itself: so it is in no state. */
import type * as pulumi from "@pulumi/pulumi";
import type { VercelSdk } from "./sdk.ts";

/** @param team slug or id. @default the token's own account */
export function vercelProvider({ Provider }: VercelSdk, team: string | undefined): pulumi.ProviderResource {
  return new Provider("vercel", { team });
}
