/** Distributions of CloudFront. */
import { PRODUCTION, type Props, type Rule, accompanied, at, listAt, rulesAbout, textAt } from "../rule.ts";

const DISTRIBUTION = "aws:cloudfront/distribution:Distribution";
const distribution = rulesAbout(DISTRIBUTION, "cloudfront");

export const cloudfrontRules: readonly Rule[] = [
  distribution(23, "https", ["CloudFront.3", "CKV_AWS_34"], "Visitors come by HTTPS.", (props) =>
    behaviors(props).every((one) =>
      /^(https-only|redirect-to-https)$/.test(textAt(one, "viewerProtocolPolicy")),
    ),
  ),
  distribution(24, "modern-tls", ["CKV_AWS_174"], "Visitors come by TLS 1.2 or newer.", (props) =>
    /^TLSv1\.[23]/.test(textAt(props, "viewerCertificate", "minimumProtocolVersion")),
  ),
  distribution(
    25,
    "bucket-access",
    ["CloudFront.13", "CKV2_AWS_46"],
    "A bucket is read by its distribution's own identity.",
    (props) =>
      origins(props).every((one) => !isBucket(one) || (at(one, "originAccessControlId") ?? "") !== ""),
  ),
  distribution(
    26,
    "root-object",
    ["CloudFront.1", "CKV_AWS_305"],
    "A static site says what its root is.",
    (props) => {
      const first = textAt(props, "defaultCacheBehavior", "targetOriginId");
      const origin = origins(props).find((one) => textAt(one, "originId") === first);
      return !isBucket(origin) || textAt(props, "defaultRootObject") !== "";
    },
  ),
  distribution(27, "headers", ["CKV2_AWS_32"], "Every answer has the security headers.", (props) =>
    behaviors(props).every((one) => (at(one, "responseHeadersPolicyId") ?? "") !== ""),
  ),
  {
    number: 28,
    name: "cloudfront-log",
    ids: ["CloudFront.5", "CKV_AWS_86"],
    meaning: "Production's requests are logged.",
    kinds: PRODUCTION,
    // By either kind of logging: the older one is a setting of the distribution, the newer one a resource about it.
    breaches: (all, kind) =>
      accompanied(DISTRIBUTION, {
        type: "aws:cloudwatch/logDeliverySource:LogDeliverySource",
        property: "resourceArn",
      })(all, kind).filter(({ props }) => at(props, "loggingConfig", "bucket") === undefined),
  },
  distribution(
    29,
    "firewall",
    ["CloudFront.6", "CKV_AWS_68"],
    "Production has a web application firewall.",
    (props) => (props.webAclId ?? "") !== "",
    { kinds: PRODUCTION },
  ),
  distribution(
    30,
    "https-to-origin",
    ["CloudFront.9", "CKV2_AWS_72"],
    "Origins are asked by HTTPS, of TLS 1.2.",
    (props) =>
      origins(props).every((one) => {
        const custom = at(one, "customOriginConfig");
        if (custom === undefined) return true;
        const protocols = listAt(custom, "originSslProtocols");
        return (
          textAt(custom, "originProtocolPolicy") === "https-only" &&
          protocols.length > 0 &&
          protocols.every((protocol) => protocol === "TLSv1.2")
        );
      }),
  ),
];

function behaviors(props: Props): readonly unknown[] {
  return [at(props, "defaultCacheBehavior"), ...listAt(props, "orderedCacheBehaviors")];
}

function origins(props: Props): readonly unknown[] {
  return listAt(props, "origins");
}

/** An origin without settings of a server's is one: its name may not be known yet. */
function isBucket(origin: unknown): boolean {
  return origin !== undefined && at(origin, "customOriginConfig") === undefined;
}
