/**
 * What several settings must be together. Each rule has a sentence, which docs/configuration.md prints, and names the
 * settings that it relies on: while one of those is wrong by itself, it keeps silent (rule-check.ts).
 */
import type { ApplicationSettings, SelfHostedSettings, VpsSettings } from "../settings.ts";
import type { Finding, Path } from "../shared/problems.ts";
import { hostRules } from "./host-rules.ts";

/** A setting as rules name it. */
export type Pattern = readonly string[];
/** In a pattern: any service, name or number. */
export const ANY = "*";
/** In a pattern: the service that the breach is in. */
export const SAME = "=";

/** A rule about the settings of one target. */
export interface Rule<S = VpsSettings> {
  /** The rule as a sentence. */
  readonly meaning: string;
  /** What it would see a breach in, or at the wrong place of a list, if it were not there. */
  readonly reliesOn: readonly Pattern[];
  /** Every breach. */
  check(settings: S): Iterable<Finding>;
}

/** The names alone: what is wrong inside of a service does not touch them. */
const SERVICE_NAMES: Pattern = ["services", ANY, "(name)"];

/** Rules of every target that carries an application. */
export const applicationRules: readonly Rule<ApplicationSettings>[] = [
  {
    meaning: "`domain` is a public host name unless the environment is local.",
    reliesOn: [["domain"], ["environment", "kind"]],
    *check({ domain, environment: { kind } }) {
      if (kind === "local" || isPublic(domain)) return;
      yield {
        path: ["domain"],
        need: `a public host name such as shop.example.com, since the environment is ${kind}`,
      };
    },
  },
  {
    meaning: "Secrets that `backup` names stand under `secrets`.",
    reliesOn: [["secrets"], ["backup"]],
    *check(settings) {
      for (const [path, name] of backupSecrets(settings.backup))
        yield* missingSecret(settings, ["backup", ...path], name);
    },
  },
];

/** Rules of those targets that have a proxy of ours. */
export const selfHostedRules: readonly Rule<SelfHostedSettings>[] = [
  {
    meaning: "`proxy.httpPort` and `proxy.httpsPort` differ.",
    reliesOn: [
      ["proxy", "httpPort"],
      ["proxy", "httpsPort"],
    ],
    *check({ proxy }) {
      if (proxy.httpPort !== proxy.httpsPort) return;
      yield {
        path: ["proxy", "httpsPort"],
        is: String(proxy.httpsPort),
        need: "another port than proxy.httpPort",
      };
    },
  },
];

/** Rules about the stack as a whole. Those about services are in service-rules.ts. */
export const stackRules: readonly Rule[] = [
  {
    meaning: "Staging and production have certificates by `letsencrypt`.",
    reliesOn: [
      ["certificates", "issuer"],
      ["environment", "kind"],
    ],
    *check({ certificates, environment: { kind } }) {
      if ((kind !== "staging" && kind !== "production") || certificates.issuer === "letsencrypt") return;
      yield { path: ["certificates", "issuer"], need: `letsencrypt, since the environment is ${kind}` };
    },
  },
  {
    meaning: "`letsencrypt` needs a public `domain`: it signs for none that it cannot reach.",
    reliesOn: [["certificates", "issuer"], ["domain"], ["environment", "kind"]],
    *check({ certificates, domain, environment: { kind } }) {
      // Elsewhere a domain that is not public is wrong in itself.
      if (kind !== "local" || certificates.issuer !== "letsencrypt" || isPublic(domain)) return;
      yield {
        path: ["certificates", "issuer"],
        need: `self-signed, since the domain ${domain} is not public`,
      };
    },
  },
  {
    meaning: "`release.digests` names services that exist.",
    reliesOn: [SERVICE_NAMES],
    *check({ services, release }) {
      for (const name of Object.keys(release?.digests ?? {}).filter(
        (name) => !Object.hasOwn(services, name),
      )) {
        const path = ["release", "digests", name];
        yield { path, is: "of no service", need: `to be of one of: ${Object.keys(services).join(", ")}` };
      }
    },
  },
  ...hostRules,
];

/** The breach of a setting that names a secret which is not there. */
export function* missingSecret(
  { secrets }: Pick<ApplicationSettings, "secrets">,
  path: Path,
  name: string,
): Iterable<Finding> {
  if (Object.hasOwn(secrets, name)) return;
  yield { path, need: `a name under secrets: pulumi config set --secret --path 'secrets.${name}'` };
}

/** The breaches of shares of the traffic that do not rise. */
export function* rising({ steps }: { readonly steps: readonly number[] }): Iterable<Finding> {
  for (const [index, step] of steps.entries()) {
    const before = steps[index - 1] ?? 0;
    if (step <= before)
      yield { path: ["delivery", "steps", index], need: `more than ${before}, the step before` };
  }
}

/** Whether the internet can know a host by this name. */
export function isPublic(domain: string): boolean {
  return domain.includes(".") && !domain.endsWith(".localhost");
}

/** Where a backup names secrets, and which. */
function backupSecrets(backup: ApplicationSettings["backup"]): [string[], string][] {
  const s3 = backup && "s3" in backup ? backup.s3 : undefined;
  const named: [string[], string | undefined][] = [
    [["s3", "accessKey"], s3?.accessKey],
    [["s3", "secretKey"], s3?.secretKey],
    [["ping"], backup?.ping],
  ];
  return named.filter((one): one is [string[], string] => one[1] !== undefined);
}
