/** What the settings of a web on Vercel must be together with those of the services at AWS. */
import type { AwsSettings, WebSettings } from "../settings.ts";
import { type Finding, holdsCredentials } from "../shared/problems.ts";
import { ANY, type Pattern, type Rule, missingSecret } from "./rules.ts";
import { listedOnce, withoutSlash } from "./service-rules.ts";

export const webRules: readonly Rule<AwsSettings>[] = [
  about("With `web` there is no service `web`: it is on Vercel.", [], function* (_, { services }) {
    if (services.web)
      yield {
        path: ["services", "web"],
        need: "to be left out, since web is on Vercel: what it needs is under web",
      };
  }),
  about(
    "With `web` services have routes, and none has `/`, which is Vercel's.",
    [["services", ANY, "routes"]],
    function* (_, { services }) {
      const routes = Object.entries(services).flatMap(([name, { routes: own }]) =>
        own.map((route, index) => ({ route, path: ["services", name, "routes", index] })),
      );
      if (routes.length === 0)
        yield { path: ["services"], is: "without routes", need: "one service with routes, such as /api" };
      for (const { route, path } of routes)
        if (route === "/") yield { path, need: "another path, since / is the web's, which is on Vercel" };
    },
  ),
  about(
    "`web.uses` is empty: Vercel reaches no private network, and so the web asks the services.",
    [["web", "uses"]],
    function* ({ uses }) {
      if (uses.length > 0)
        yield {
          path: ["web", "uses"],
          need: "to be left out: Vercel does not reach the network of the database (but with Secure Compute); the web asks the services by their public name",
        };
    },
  ),
  about(
    "`web.routes` names no route of a service.",
    [
      ["web", "routes"],
      ["services", ANY, "routes"],
    ],
    function* ({ routes }, { services }) {
      for (const [index, route] of routes.entries()) {
        const owner = Object.entries(services).find(([, { routes: own }]) =>
          own.some((one) => withoutSlash(one) === withoutSlash(route)),
        );
        if (owner)
          yield { path: ["web", "routes", index], need: `another path, since it belongs to ${owner[0]}` };
      }
    },
  ),
  about(
    "`web.apiDomain` is in `dns.zone`, and not `domain`.",
    [["web", "apiDomain"], ["domain"], ["dns", "zone"]],
    function* ({ apiDomain }, { domain, dns: { zone } }) {
      if (apiDomain === undefined) return;
      if (!apiDomain.endsWith(`.${zone}`) && apiDomain !== zone)
        yield { path: ["web", "apiDomain"], need: `a name in the zone ${zone}` };
      else if (apiDomain === domain)
        yield { path: ["web", "apiDomain"], need: `another name than domain, such as api.${domain}` };
    },
  ),
  about(
    "In production `web.previews` is none: they would have its secrets and its data.",
    [
      ["web", "previews"],
      ["environment", "kind"],
    ],
    function* ({ previews }, { environment: { kind } }) {
      if (kind === "production" && previews !== "none")
        yield {
          path: ["web", "previews"],
          need: "none, since the environment is production, whose secrets and data they would have",
        };
    },
  ),
  about(
    "What `web.secrets` names stands under `secrets`.",
    [["web", "secrets"], ["secrets"]],
    function* (web, settings) {
      for (const [index, name] of web.secrets.entries())
        yield* missingSecret(settings, ["web", "secrets", index], name);
    },
  ),
  about(
    "A name is in `web.environment` or in `web.secrets`, not in both.",
    [],
    function* ({ environment, secrets }) {
      for (const name of Object.keys(environment).filter((one) => secrets.includes(one)))
        yield {
          path: ["web", "environment", name],
          is: "among the secrets too",
          need: "to be removed from one of them",
        };
    },
  ),
  about("Passwords and keys are secrets: not in `web.environment`.", [], function* ({ environment }) {
    for (const [name, value] of Object.entries(environment))
      if (holdsCredentials(value))
        yield {
          path: ["web", "environment", name],
          is: "a text with a password or key in it",
          need: "to be a secret",
        };
  }),
  ...(["routes", "secrets"] as const).map((key) =>
    listedOnce<AwsSettings>(({ web }) => (web ? [[["web", key], web[key]]] : []), [["web", key]]),
  ),
];

/** A rule for stacks with a web on Vercel. */
function about(
  meaning: string,
  reliesOn: readonly Pattern[],
  check: (web: WebSettings, settings: AwsSettings) => Iterable<Finding>,
): Rule<AwsSettings> {
  return {
    meaning,
    reliesOn,
    *check(settings) {
      if (settings.web) yield* check(settings.web, settings);
    },
  };
}
