/** A certificate of AWS, which renews it by itself as long as its records are in the DNS. */
import * as pulumi from "@pulumi/pulumi";
import * as aws from "./sdk.ts";

export interface CertificateArgs {
  domain: string;
  zoneId: pulumi.Input<string>;
  /** Where it is used: CloudFront reads those of us-east-1 alone. */
  region: string;
}

export class Certificate extends pulumi.ComponentResource {
  /** ARN, known once it is valid. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Certificate", name, {}, opts);
    const within = { parent: this };
    const { domain, region } = args;
    const certificate = new aws.acm.Certificate(
      name,
      { domainName: domain, validationMethod: "DNS", region },
      within,
    );
    const wanted = certificate.domainValidationOptions.apply(([first]) => first);
    const record = new aws.route53.Record(
      `${name}-proof`,
      {
        zoneId: args.zoneId,
        name: wanted.apply((one) => one?.resourceRecordName ?? ""),
        type: wanted.apply((one) => one?.resourceRecordType ?? "CNAME"),
        records: [wanted.apply((one) => one?.resourceRecordValue ?? "")],
        ttl: 300,
        // Two stacks of one domain, or two regions, prove themselves by the same record.
        allowOverwrite: true,
      },
      within,
    );
    const valid = new aws.acm.CertificateValidation(
      name,
      { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn], region },
      within,
    );
    this.arn = valid.certificateArn;
    this.registerOutputs({ arn: this.arn });
  }
}
