/** The name of an API without a distribution in front of it. */
import * as pulumi from "@pulumi/pulumi";
import type { HttpApi } from "./http-api.ts";
import * as aws from "./sdk.ts";

export interface RegionalDomainArgs {
  domain: string;
  zoneId: pulumi.Input<string>;
  /** Of the API's own region. */
  certificateArn: pulumi.Input<string>;
  api: HttpApi;
}

export class RegionalDomain extends pulumi.ComponentResource {
  constructor(name: string, args: RegionalDomainArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:RegionalDomain", name, {}, opts);
    const within = { parent: this };
    const { domain } = args;
    const made = new aws.apigatewayv2.DomainName(
      name,
      {
        domainName: domain,
        domainNameConfiguration: {
          certificateArn: args.certificateArn,
          endpointType: "REGIONAL",
          securityPolicy: "TLS_1_2",
        },
      },
      within,
    );
    new aws.apigatewayv2.ApiMapping(
      name,
      { apiId: args.api.api.id, domainName: made.domainName, stage: args.api.stage.name },
      within,
    );
    const { targetDomainName, hostedZoneId } = made.domainNameConfiguration;
    new aws.route53.Record(
      name,
      {
        zoneId: args.zoneId,
        name: domain,
        type: "A",
        aliases: [{ name: targetDomainName, zoneId: hostedZoneId, evaluateTargetHealth: false }],
      },
      within,
    );
    this.registerOutputs({ domain });
  }
}
