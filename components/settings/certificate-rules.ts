/** Rules about certificates and alarms. */
import type { VpsSettings } from "../settings.ts";
import type { Path } from "../shared/problems.ts";
import { type Rule, isPublic, missingSecret } from "./rules.ts";

type Acme = Extract<VpsSettings["certificates"], { issuer: "letsencrypt" }>;

function acmeOf({ certificates }: VpsSettings): Acme | undefined {
  return certificates.issuer === "letsencrypt" ? certificates : undefined;
}

export const certificateRules: readonly Rule[] = [
  {
    meaning:
      "`letsencrypt` signs a wildcard in `certificates.names` only where `certificates.challenge` is of the kind dns.",
    reliesOn: [["certificates"]],
    *check(settings) {
      const acme = acmeOf(settings);
      if (!acme || acme.challenge.kind === "dns") return;
      for (const [index, name] of acme.names.entries()) {
        if (!name.startsWith("*.")) continue;
        yield {
          path: ["certificates", "names", index],
          need: "to be removed, or the kind dns in certificates.challenge",
        };
      }
    },
  },
  {
    meaning: "`letsencrypt` signs public names only.",
    reliesOn: [["certificates"]],
    *check(settings) {
      for (const [index, name] of (acmeOf(settings)?.names ?? []).entries()) {
        if (isPublic(name.replace(/^\*\./, ""))) continue;
        yield { path: ["certificates", "names", index], need: "a public host name such as www.example.com" };
      }
    },
  },
  {
    meaning: "`certificates.names` names nothing twice, and `domain` not again.",
    reliesOn: [["certificates"], ["domain"]],
    *check({ certificates, domain }) {
      for (const [index, name] of certificates.names.entries()) {
        const path = ["certificates", "names", index];
        if (name === domain) yield { path, need: "to be removed: it is the domain" };
        else if (certificates.names.indexOf(name) < index) yield { path, need: "to be listed once" };
      }
    },
  },
  {
    meaning: "Secrets that `certificates.challenge` and `alarm` name stand under `secrets`.",
    reliesOn: [["secrets"], ["certificates"], ["alarm"]],
    *check(settings) {
      for (const [path, name] of named(settings)) yield* missingSecret(settings, path, name);
    },
  },
];

/** Where secrets are named, and which. */
function named(settings: VpsSettings): [Path, string][] {
  const challenge = acmeOf(settings)?.challenge;
  const keys = challenge?.kind === "dns" ? (["accessKey", "secretKey"] as const) : [];
  return [
    ...(settings.alarm === undefined ? [] : [[["alarm"], settings.alarm] as [Path, string]]),
    ...keys.map((key): [Path, string] => [
      ["certificates", "challenge", key],
      challenge?.kind === "dns" ? challenge[key] : "",
    ]),
  ];
}
