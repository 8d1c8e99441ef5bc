/** The web of an application at AWS, where it is on Vercel. Wiring only. */
import type * as pulumi from "@pulumi/pulumi";
import { type AwsSettings, isProtected, secretsOf } from "../settings.ts";
import { ownDomain } from "../settings/web.ts";
import type { Owner } from "../shared/labels.ts";
import { vercelProvider } from "../vercel/provider.ts";
import type { VercelSdk } from "../vercel/sdk.ts";
import { Web } from "../vercel/web.ts";

/** What the target knows of the rest. */
interface Rest {
  owner: Owner;
  /** Hosted zone of the domain. */
  zoneId: pulumi.Input<string>;
  /** Of AWS, for the domain's record. */
  provider: pulumi.ProviderResource;
}

/** Nothing where the settings have no web on Vercel. @param sdk there where they have one */
export function webOnVercel(
  settings: AwsSettings,
  sdk: VercelSdk | undefined,
  { owner, zoneId, provider }: Rest,
  opts: pulumi.ComponentResourceOptions,
): void {
  const { web, domain, dns, region, services, environment } = settings;
  if (!web || !sdk) return;
  new Web(
    "web",
    {
      sdk,
      settings: web,
      project: web.project ?? `${owner.project}-${owner.stack}`.toLowerCase(),
      stack: owner.stack,
      domain,
      zone: { name: dns.zone, id: zoneId },
      apiDomain: ownDomain(settings),
      apiRoutes: Object.values(services).flatMap(({ routes }) => routes),
      region,
      secrets: secretsOf(settings, web),
      protect: isProtected(environment.kind),
    },
    { ...opts, providers: [provider, vercelProvider(sdk, web.team)] },
  );
}
