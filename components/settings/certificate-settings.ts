/** Settings of certificates: who signs them, for which names, and how the issuer is shown that they are ours. */
import { z } from "zod";
import { WILDCARD_OR_HOST, choice, list, object, oneOf, secretName, text } from "./value-types.ts";

const PEM_CERTIFICATES = /^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/;

const names = () =>
  list(
    text(WILDCARD_OR_HOST, "a host name such as www.example.com or *.example.com"),
    0,
    99,
    "host names, such as [www.example.com]",
  )
    .default([])
    .describe(
      "Names besides `domain` that the certificate is for and that are served alike. Changing them gets a new one.",
    );

const challenge = choice("kind", [
  object({
    kind: z.literal("http").describe("By a file that nginx serves: `domain` and `names` lead to this host."),
  }),
  object({
    kind: z
      .literal("dns")
      .describe("By a record in the DNS, which wildcards need; nothing has to lead to this host."),
    provider: oneOf(["route53"]).describe("Who serves the zone; certbot makes the records there."),
    accessKey: secretName(
      "Access key of an identity that may list zones, change records of the zone and see changes",
    ),
    secretKey: secretName("Its secret key"),
    region: text(/^[a-z0-9-]{1,40}$/, "a region such as us-east-1")
      .default("us-east-1")
      .describe("Region that requests are signed for; Route 53 itself has none."),
    endpoint: text(/^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/, "an address such as https://route53.example.com")
      .optional()
      .describe("Address of a server of Route 53's interface other than Amazon's."),
  }),
]);

export const certificates = choice("issuer", [
  object({
    issuer: z.literal("self-signed").describe("Signed by the stack itself; browsers warn."),
    names: names(),
  }),
  object({
    issuer: z
      .literal("letsencrypt")
      .describe("Signed through ACME. Every 12 hours certbot decides whether it is time to renew."),
    email: z
      .email("an e-mail address")
      .meta({ errorMessage: "an e-mail address" })
      .describe("Where the issuer writes before a certificate expires."),
    server: text(/^https:\/\/[A-Za-z0-9.:-]+(\/[\w./~-]*)?$/, "the https URL of an ACME directory")
      .default("https://acme-v02.api.letsencrypt.org/directory")
      .describe("ACME directory. Changing it gets a new certificate at once; the old one serves until then."),
    authority: text(PEM_CERTIFICATES, "certificates in PEM, from -----BEGIN CERTIFICATE----- on")
      .optional()
      .describe(
        "Authority that the ACME server's own certificate is checked against, for a server of one's own such as step-ca.",
      ),
    names: names(),
    challenge: challenge
      .default({ kind: "http" })
      .describe("How the issuer is shown that the names are ours."),
  }),
]);
